package io.ablate.cuda;

import java.util.HashMap;
import java.util.Map;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;

/** The modules of a context, loaded at the first use of one of their kernels. Not thread-safe. */
final class CudaModules {
  private final Map<String, CUmodule> modules = new HashMap<>();
  private final Map<String, CUfunction> functions = new HashMap<>();

  CUfunction function(String module, String kernel) {
    CUfunction known = functions.get(kernel);
    if (known != null) {
      return known;
    }
    CUfunction function = new CUfunction();
    CudaDriver.check(
        JCudaDriver.cuModuleGetFunction(function, module(module), kernel),
        "cuModuleGetFunction",
        "kernel " + kernel + " of " + module + ".ptx");
    functions.put(kernel, function);
    return function;
  }

  private CUmodule module(String name) {
    CUmodule known = modules.get(name);
    if (known != null) {
      return known;
    }
    CUmodule module = new CUmodule();
    // The driver compiles the text for its device, and keeps the result in its own cache.
    CudaDriver.check(
        JCudaDriver.cuModuleLoadData(module, Ptx.terminated(name)),
        "cuModuleLoadData",
        name + ".ptx");
    modules.put(name, module);
    return module;
  }

  void unload() {
    modules.values().forEach(JCudaDriver::cuModuleUnload);
    modules.clear();
    functions.clear();
  }
}
