package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.source.tree.AnnotationTree;
import com.sun.source.tree.AssignmentTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.ExpressionTree;
import com.sun.source.tree.LiteralTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.tree.Tree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePath;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;

/**
 * Holds the tables of docs/configuration.md against the interfaces that they are made from: every
 * key, its default, and its Javadoc. Run with {@code -Dlookalike.docs.write=true} to make them
 * anew.
 */
class ConfigurationDocTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path PAGE = ROOT.resolve("docs/configuration.md");

  private static final List<String> SERVICES =
      List.of("ingest-service", "embed-service", "query-service");

  /** The module that brings settings to each of them. */
  private static final String SHARED = "service";

  private static final String TABLE = "| key | default | |\n|---|---|---|\n";

  /** One property of an interface: what its type is called, its default, and what it is for. */
  private record Property(String name, String type, Optional<String> preset, String purpose) {}

  /** An interface of settings; the prefix is empty for one that is part of another. */
  private record Settings(
      Optional<String> prefix, List<String> extended, List<Property> properties) {}

  @Test
  void thePageSaysWhatTheInterfacesSay() throws IOException {
    String page = Files.readString(PAGE);
    for (String service : SERVICES) {
      String heading = "## " + service + "\n\n";
      int start = page.indexOf(heading);
      assertThat(start).as(heading).isNotNegative();
      int end = page.indexOf("\n\n", start + heading.length());
      page =
          page.substring(0, start)
              + heading
              + table(service)
              + (end < 0 ? "\n" : page.substring(end));
    }
    if (Boolean.getBoolean("lookalike.docs.write")) {
      Files.writeString(PAGE, page);
    }
    assertThat(Files.readAllLines(PAGE))
        .as(
            "docs/configuration.md does not say what the *Settings interfaces say;"
                + " ./mvnw test -pl system-tests -am -Dtest=ConfigurationDocTest"
                + " -Dsurefire.failIfNoSpecifiedTests=false -Dlookalike.docs.write=true"
                + " writes it anew")
        .containsExactlyElementsOf(page.lines().toList());
  }

  @Test
  void everyKeySaysWhatItIsFor() throws IOException {
    for (String service : SERVICES) {
      assertThat(table(service).lines().filter(row -> row.endsWith("|  |"))).isEmpty();
    }
  }

  private static String table(String service) throws IOException {
    Map<String, Settings> all = new HashMap<>(settings(ROOT.resolve(service)));
    all.putAll(settings(ROOT.resolve(SHARED)));
    Map<String, String> rows = new TreeMap<>();
    for (Settings each : all.values()) {
      each.prefix().ifPresent(prefix -> add(rows, prefix, each, all));
    }
    assertThat(rows).as(service).hasSizeGreaterThan(10);
    return TABLE + String.join("\n", rows.values());
  }

  private static void add(
      Map<String, String> rows, String prefix, Settings settings, Map<String, Settings> all) {
    for (String extended : settings.extended()) {
      add(rows, prefix, Objects.requireNonNull(all.get(extended)), all);
    }
    for (Property property : settings.properties()) {
      String key = prefix + "." + kebab(property.name());
      Settings part = all.get(property.type());
      if (part != null) {
        add(rows, key, part, all);
        continue;
      }
      if (property.type().startsWith("Map<")) {
        key += ".*";
      }
      String preset = property.preset().map(value -> " `" + value + "` ").orElse(" ");
      rows.put(key, "| `" + key + "` |" + preset + "| " + property.purpose() + " |");
    }
  }

  private static String kebab(String name) {
    return name.replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
  }

  /** By simple name. */
  private static Map<String, Settings> settings(Path module) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(module.resolve("src/main/java"))) {
      files = walk.filter(file -> file.toString().endsWith("Settings.java")).sorted().toList();
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    Map<String, Settings> found = new HashMap<>();
    try (StandardJavaFileManager manager = compiler.getStandardFileManager(null, null, null)) {
      JavacTask task =
          (JavacTask)
              compiler.getTask(
                  null,
                  manager,
                  problem -> {},
                  List.of("-proc:none"),
                  null,
                  manager.getJavaFileObjectsFromPaths(files));
      DocTrees docs = DocTrees.instance(task);
      for (CompilationUnitTree unit : task.parse()) {
        new Interfaces(docs, found).scan(unit, null);
      }
    }
    return found;
  }

  private static final class Interfaces extends TreePathScanner<Void, Void> {
    private final DocTrees docs;
    private final Map<String, Settings> found;

    Interfaces(DocTrees docs, Map<String, Settings> found) {
      this.docs = docs;
      this.found = found;
    }

    @Override
    public Void visitClass(ClassTree type, Void unused) {
      if (type.getKind() == Tree.Kind.INTERFACE) {
        List<Property> properties = new ArrayList<>();
        for (Tree member : type.getMembers()) {
          if (member instanceof MethodTree method && method.getBody() == null) {
            properties.add(
                new Property(
                    method.getName().toString(),
                    method.getReturnType().toString(),
                    argument(method.getModifiers().getAnnotations(), "WithDefault", "value"),
                    purpose(new TreePath(getCurrentPath(), method))));
          }
        }
        found.put(
            type.getSimpleName().toString(),
            new Settings(
                argument(type.getModifiers().getAnnotations(), "ConfigMapping", "prefix"),
                type.getImplementsClause().stream().map(Tree::toString).toList(),
                properties));
      }
      return super.visitClass(type, unused);
    }

    private String purpose(TreePath method) {
      String text = docs.getDocComment(method);
      return text == null
          ? ""
          : text.replaceAll("\\{@code ([^}]*)\\}", "`$1`")
              .replaceAll("\\{@\\w+ ([^}]*)\\}", "$1")
              .replaceAll("\\s+", " ")
              .strip();
    }

    private static Optional<String> argument(
        List<? extends AnnotationTree> annotations, String annotation, String argument) {
      for (AnnotationTree each : annotations) {
        if (each.getAnnotationType().toString().equals(annotation)) {
          for (ExpressionTree given : each.getArguments()) {
            ExpressionTree value = given;
            if (given instanceof AssignmentTree assignment) {
              if (!assignment.getVariable().toString().equals(argument)) {
                continue;
              }
              value = assignment.getExpression();
            }
            return Optional.of(String.valueOf(((LiteralTree) value).getValue()));
          }
        }
      }
      return Optional.empty();
    }
  }
}
