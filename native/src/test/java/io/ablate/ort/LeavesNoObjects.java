package io.ablate.ort;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Tests that run alone with ONNX Runtime's objects; of those that one makes, none is left. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ResourceLock("objects of ONNX Runtime")
@ExtendWith(LeavesNoObjects.Count.class)
@interface LeavesNoObjects {
  /** Counts objects before and after each test. */
  final class Count implements BeforeEachCallback, AfterEachCallback {
    @Override
    public void beforeEach(ExtensionContext context) {
      store(context).put(Count.class, OrtScope.live());
    }

    @Override
    public void afterEach(ExtensionContext context) {
      assertThat(OrtScope.live())
          .as("live objects of ONNX Runtime")
          .isEqualTo(store(context).get(Count.class, Long.class));
    }

    private static ExtensionContext.Store store(ExtensionContext context) {
      return context.getStore(ExtensionContext.Namespace.create(Count.class));
    }
  }
}
