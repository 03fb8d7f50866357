package io.ablate.ort;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;

/**
 * The functions of ONNX Runtime's C interface that are used, by their places in its table of
 * pointers, {@code OrtApi}. Objects of the library are plain addresses here ({@code JAVA_LONG}),
 * text and what is filled are segments. A function returns a status, null for success, unless its
 * name begins with {@code RELEASE}.
 */
@SuppressWarnings("ImmutableEnumChecker") // layouts are immutable, and nobody sees the array
enum OrtFunction {
  // OrtStatus* CreateEnv(OrtLoggingLevel level, const char* id, OrtEnv** out);
  CREATE_ENV(3, JAVA_INT, ADDRESS, ADDRESS),
  // OrtStatus* CreateSessionFromArray(const OrtEnv* env, const void* model, size_t bytes,
  //   const OrtSessionOptions* options, OrtSession** out);
  CREATE_SESSION_FROM_ARRAY(8, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG, ADDRESS),
  // OrtStatus* CreateSessionOptions(OrtSessionOptions** out);
  CREATE_SESSION_OPTIONS(10, ADDRESS),
  // OrtStatus* SetSessionExecutionMode(OrtSessionOptions* options, ExecutionMode mode);
  SET_SESSION_EXECUTION_MODE(13, JAVA_LONG, JAVA_INT),
  // OrtStatus* SetSessionLogSeverityLevel(OrtSessionOptions* options, int level);
  SET_SESSION_LOG_SEVERITY_LEVEL(22, JAVA_LONG, JAVA_INT),
  // OrtStatus* SetSessionGraphOptimizationLevel(OrtSessionOptions* options, int level);
  SET_SESSION_GRAPH_OPTIMIZATION_LEVEL(23, JAVA_LONG, JAVA_INT),
  // OrtStatus* SetIntraOpNumThreads(OrtSessionOptions* options, int threads);
  SET_INTRA_OP_NUM_THREADS(24, JAVA_LONG, JAVA_INT),
  // OrtStatus* SetInterOpNumThreads(OrtSessionOptions* options, int threads);
  SET_INTER_OP_NUM_THREADS(25, JAVA_LONG, JAVA_INT),
  // OrtStatus* CreateCustomOpDomain(const char* domain, OrtCustomOpDomain** out);
  CREATE_CUSTOM_OP_DOMAIN(26, ADDRESS, ADDRESS),
  // OrtStatus* CustomOpDomain_Add(OrtCustomOpDomain* domain, const OrtCustomOp* op);
  CUSTOM_OP_DOMAIN_ADD(27, JAVA_LONG, ADDRESS),
  // OrtStatus* AddCustomOpDomain(OrtSessionOptions* options, OrtCustomOpDomain* domain);
  ADD_CUSTOM_OP_DOMAIN(28, JAVA_LONG, JAVA_LONG),
  // OrtStatus* CreateRunOptions(OrtRunOptions** out);
  CREATE_RUN_OPTIONS(39, ADDRESS),
  // OrtStatus* CreateTensorWithDataAsOrtValue(const OrtMemoryInfo* info, void* data, size_t bytes,
  //   const int64_t* shape, size_t axes, ONNXTensorElementDataType type, OrtValue** out);
  CREATE_TENSOR_WITH_DATA(
      49, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS),
  // OrtStatus* GetTensorMutableData(OrtValue* value, void** out);
  GET_TENSOR_MUTABLE_DATA(51, JAVA_LONG, ADDRESS),
  // OrtStatus* GetDimensionsCount(const OrtTensorTypeAndShapeInfo* info, size_t* out);
  GET_DIMENSIONS_COUNT(61, JAVA_LONG, ADDRESS),
  // OrtStatus* GetDimensions(const OrtTensorTypeAndShapeInfo* info, int64_t* extents,
  //   size_t axes);
  GET_DIMENSIONS(62, JAVA_LONG, ADDRESS, JAVA_LONG),
  // OrtStatus* GetTensorTypeAndShape(const OrtValue* value, OrtTensorTypeAndShapeInfo** out);
  GET_TENSOR_TYPE_AND_SHAPE(65, JAVA_LONG, ADDRESS),
  // OrtStatus* CreateMemoryInfo(const char* name, enum OrtAllocatorType type, int id,
  //   enum OrtMemType memory, OrtMemoryInfo** out);
  CREATE_MEMORY_INFO(68, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS),
  // OrtStatus* CreateCpuMemoryInfo(enum OrtAllocatorType type, enum OrtMemType memory,
  //   OrtMemoryInfo** out);
  CREATE_CPU_MEMORY_INFO(69, JAVA_INT, JAVA_INT, ADDRESS),
  // OrtStatus* KernelInfoGetAttribute_int64(const OrtKernelInfo* info, const char* name,
  //   int64_t* out);
  KERNEL_INFO_GET_ATTRIBUTE_INT64(86, JAVA_LONG, ADDRESS, ADDRESS),
  // OrtStatus* KernelContext_GetInput(const OrtKernelContext* context, size_t index,
  //   const OrtValue** out);
  KERNEL_CONTEXT_GET_INPUT(90, JAVA_LONG, JAVA_LONG, ADDRESS),
  // OrtStatus* KernelContext_GetOutput(OrtKernelContext* context, size_t index,
  //   const int64_t* extents, size_t axes, OrtValue** out);
  KERNEL_CONTEXT_GET_OUTPUT(91, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS),
  RELEASE_ENV(92, JAVA_LONG),
  RELEASE_STATUS(93, JAVA_LONG),
  RELEASE_MEMORY_INFO(94, JAVA_LONG),
  RELEASE_SESSION(95, JAVA_LONG),
  RELEASE_VALUE(96, JAVA_LONG),
  RELEASE_RUN_OPTIONS(97, JAVA_LONG),
  RELEASE_TENSOR_TYPE_AND_SHAPE(99, JAVA_LONG),
  RELEASE_SESSION_OPTIONS(100, JAVA_LONG),
  RELEASE_CUSTOM_OP_DOMAIN(101, JAVA_LONG),
  // OrtStatus* AddSessionConfigEntry(OrtSessionOptions* options, const char* key,
  //   const char* value);
  ADD_SESSION_CONFIG_ENTRY(130, JAVA_LONG, ADDRESS, ADDRESS),
  // OrtStatus* RunWithBinding(OrtSession* session, const OrtRunOptions* options,
  //   const OrtIoBinding* binding);
  RUN_WITH_BINDING(133, JAVA_LONG, JAVA_LONG, JAVA_LONG),
  // OrtStatus* CreateIoBinding(OrtSession* session, OrtIoBinding** out);
  CREATE_IO_BINDING(134, JAVA_LONG, ADDRESS),
  RELEASE_IO_BINDING(135, JAVA_LONG),
  // OrtStatus* BindInput(OrtIoBinding* binding, const char* name, const OrtValue* value);
  BIND_INPUT(136, JAVA_LONG, ADDRESS, JAVA_LONG),
  // OrtStatus* BindOutput(OrtIoBinding* binding, const char* name, const OrtValue* value);
  BIND_OUTPUT(137, JAVA_LONG, ADDRESS, JAVA_LONG),
  // OrtStatus* KernelInfoGetAttributeArray_int64(const OrtKernelInfo* info, const char* name,
  //   int64_t* out, size_t* count);
  KERNEL_INFO_GET_ATTRIBUTE_ARRAY_INT64(163, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS),
  // OrtStatus* AddRunConfigEntry(OrtRunOptions* options, const char* key, const char* value);
  ADD_RUN_CONFIG_ENTRY(165, JAVA_LONG, ADDRESS, ADDRESS),
  // OrtStatus* SessionOptionsAppendExecutionProvider_CUDA_V2(OrtSessionOptions* options,
  //   const OrtCUDAProviderOptionsV2* cuda);
  APPEND_CUDA(204, JAVA_LONG, JAVA_LONG),
  // OrtStatus* CreateCUDAProviderOptions(OrtCUDAProviderOptionsV2** out);
  CREATE_CUDA_OPTIONS(205, ADDRESS),
  // OrtStatus* UpdateCUDAProviderOptions(OrtCUDAProviderOptionsV2* cuda, const char* const* keys,
  //   const char* const* values, size_t count);
  UPDATE_CUDA_OPTIONS(206, JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG),
  RELEASE_CUDA_OPTIONS(208, JAVA_LONG),
  // OrtStatus* UpdateCUDAProviderOptionsWithValue(OrtCUDAProviderOptionsV2* cuda, const char* key,
  //   void* value);
  UPDATE_CUDA_OPTION_WITH_VALUE(263, JAVA_LONG, ADDRESS, JAVA_LONG);

  /** {@code OrtStatus* CreateStatus(OrtErrorCode code, const char* message)}, for callbacks. */
  static final int CREATE_STATUS = 0;

  /**
   * {@code const char* GetErrorMessage(const OrtStatus* status)}: the one that returns no status.
   */
  static final int GET_ERROR_MESSAGE = 2;

  private final int slot;
  private final MemoryLayout[] arguments;

  OrtFunction(int slot, MemoryLayout... arguments) {
    this.slot = slot;
    this.arguments = arguments;
  }

  /** Its place in the table, from 0. */
  int slot() {
    return slot;
  }

  FunctionDescriptor signature() {
    return name().startsWith("RELEASE")
        ? FunctionDescriptor.ofVoid(arguments)
        : FunctionDescriptor.of(JAVA_LONG, arguments);
  }
}
