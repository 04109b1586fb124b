package dev.lookalike.proto;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.DescriptorProto;
import com.google.protobuf.DescriptorProtos.EnumDescriptorProto;
import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorSet;
import com.google.protobuf.DescriptorProtos.ServiceDescriptorProto;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/**
 * Holds the compiled contracts against the published ones. Records of every release stay in logs,
 * and clients of every release keep calling: a field is never removed, renumbered or given another
 * type; what is no longer used becomes {@code reserved}. Additions are allowed: rerun with {@code
 * -Dcontract.update} and commit the changed file.
 */
class PublishedContractTest {
  private static final Path PUBLISHED = Path.of("src/test/resources/published-contract.txt");

  @Test
  void nothingPublishedChanged() throws IOException {
    List<String> compiled = compiledContract();
    List<String> published = Files.readAllLines(PUBLISHED);
    assertThat(compiled)
        .as("published lines that are gone: this breaks logs and clients that exist")
        .containsAll(published);
    if (System.getProperty("contract.update") != null) {
      Files.write(PUBLISHED, compiled);
      published = compiled;
    }
    assertThat(published)
        .as("lines not published yet: add them with -Dcontract.update")
        .containsAll(compiled);
  }

  private static List<String> compiledContract() throws IOException {
    FileDescriptorSet files;
    try (InputStream in =
        PublishedContractTest.class.getClassLoader().getResourceAsStream("lookalike.desc")) {
      files = FileDescriptorSet.parseFrom(in);
    }
    List<String> lines = new ArrayList<>();
    for (FileDescriptorProto file : files.getFileList()) {
      if (!file.getPackage().startsWith("lookalike.")) {
        continue;
      }
      file.getMessageTypeList().forEach(type -> describe(file.getPackage(), type, lines));
      file.getEnumTypeList().forEach(type -> describe(file.getPackage(), type, lines));
      file.getServiceList().forEach(service -> describe(file.getPackage(), service, lines));
    }
    lines.sort(null);
    return lines;
  }

  private static void describe(String scope, DescriptorProto message, List<String> lines) {
    String name = scope + "." + message.getName();
    lines.add("message " + name);
    for (FieldDescriptorProto field : message.getFieldList()) {
      String type =
          field.hasTypeName()
              ? field.getTypeName()
              : field.getType().name().substring("TYPE_".length());
      String label = field.getLabel().name().substring("LABEL_".length());
      String oneof =
          field.hasOneofIndex() && !field.getProto3Optional()
              ? " oneof " + message.getOneofDecl(field.getOneofIndex()).getName()
              : "";
      lines.add(
          "field %s %d %s %s %s%s%s"
              .formatted(
                  name,
                  field.getNumber(),
                  field.getName(),
                  label.toLowerCase(Locale.ROOT),
                  type,
                  oneof,
                  field.getProto3Optional() ? " presence" : ""));
    }
    message.getNestedTypeList().forEach(nested -> describe(name, nested, lines));
    message.getEnumTypeList().forEach(nested -> describe(name, nested, lines));
  }

  private static void describe(String scope, EnumDescriptorProto type, List<String> lines) {
    type.getValueList()
        .forEach(
            value ->
                lines.add(
                    "enum %s.%s %d %s"
                        .formatted(scope, type.getName(), value.getNumber(), value.getName())));
  }

  private static void describe(String scope, ServiceDescriptorProto service, List<String> lines) {
    service
        .getMethodList()
        .forEach(
            method ->
                lines.add(
                    "rpc %s.%s/%s (%s%s) -> (%s%s)"
                        .formatted(
                            scope,
                            service.getName(),
                            method.getName(),
                            method.getClientStreaming() ? "stream " : "",
                            method.getInputType(),
                            method.getServerStreaming() ? "stream " : "",
                            method.getOutputType())));
  }
}
