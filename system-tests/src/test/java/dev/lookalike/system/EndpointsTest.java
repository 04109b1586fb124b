package dev.lookalike.system;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.lookalike.proto.embed.v1.EmbedGrpc;
import dev.lookalike.proto.ingest.v1.IngestGrpc;
import dev.lookalike.proto.search.v1.SearchGrpc;
import dev.lookalike.service.access.AccessTable;
import io.grpc.ServiceDescriptor;
import jakarta.ws.rs.HttpMethod;
import jakarta.ws.rs.Path;
import java.lang.annotation.Annotation;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Each service's table of access has every endpoint of the service, and no other. */
class EndpointsTest {

  @Test
  void everyEndpointIsInTheTableOfItsService() {
    holds("ingest", dev.lookalike.ingest.Endpoints.table(false), IngestGrpc.getServiceDescriptor());
    holds("embed", dev.lookalike.embed.Endpoints.table(false), EmbedGrpc.getServiceDescriptor());
    holds("query", dev.lookalike.query.Endpoints.table(false), SearchGrpc.getServiceDescriptor());
  }

  private static void holds(String service, AccessTable table, ServiceDescriptor contract) {
    Set<String> methods =
        contract.getMethods().stream()
            .map(method -> method.getFullMethodName())
            .collect(Collectors.toSet());
    assertThat(only(table.calls(), "lookalike."))
        .as("methods of %s: add them to its Endpoints, with the role that they need", service)
        .containsExactlyInAnyOrderElementsOf(methods);
    assertThat(only(table.requests(), " /v1/"))
        .as("requests of %s: add them to its Endpoints, with the role that they need", service)
        .containsExactlyInAnyOrderElementsOf(requests(service));
  }

  private static List<String> only(Set<String> endpoints, String part) {
    return endpoints.stream().filter(endpoint -> endpoint.contains(part)).toList();
  }

  private static Set<String> requests(String service) {
    Set<String> requests = new TreeSet<>();
    for (JavaClass each :
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.lookalike." + service)) {
      if (each.isAnnotatedWith(Path.class)) {
        Class<?> resource = each.reflect();
        for (Method method : resource.getDeclaredMethods()) {
          for (Annotation annotation : method.getAnnotations()) {
            HttpMethod verb = annotation.annotationType().getAnnotation(HttpMethod.class);
            if (verb != null) {
              Path below = method.getAnnotation(Path.class);
              requests.add(
                  verb.value()
                      + " "
                      + resource.getAnnotation(Path.class).value()
                      + (below == null ? "" : below.value()));
            }
          }
        }
      }
    }
    return requests;
  }
}
