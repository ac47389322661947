// The exports of the addon: src/addon/interface.ts says what each does.
#include <c10/core/InferenceMode.h>
#include <torch/version.h>

#include "addon.h"
#include "decoding.h"
#include "fused.h"
#include "values.h"

namespace simvlm {
namespace {

napi_value findOperator(Call& call) {
  if (call.count < 2) throw UsageError("operator(name, overload) takes two strings");
  const std::string name = toString(call.env, call.arguments[0]);
  const std::string overload = toString(call.env, call.arguments[1]);
  auto& ids = call.addon.operatorIds;
  const auto known = ids.find(name + "." + overload);
  if (known != ids.end()) return numberToJs(call.env, known->second);
  const auto found = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!found.has_value()) return numberToJs(call.env, -1);
  const int id = static_cast<int>(call.addon.operators.size());
  call.addon.operators.push_back(std::make_unique<Operator>(*found));
  ids[name + "." + overload] = id;
  return numberToJs(call.env, id);
}

const Operator& operatorOf(const Call& call) {
  const double id = call.number(0, "an operator");
  if (!(id >= 0 && id < static_cast<double>(call.addon.operators.size())))
    throw UsageError("no such operator");
  return *call.addon.operators[static_cast<size_t>(id)];
}

napi_value schemaOf(Call& call) { return textToJs(call.env, operatorOf(call).schema()); }

napi_value callOperator(Call& call) {
  const Operator& op = operatorOf(call);
  if (call.count < 2) throw UsageError("call(operator, arguments) takes an array of arguments");
  try {
    const napi_value result = op.call(call.env, call.addon.handles, call.addon.stack, call.addon.recording,
                                      call.arguments[1]);
    followMemory(call.env, call.addon);
    return result;
  } catch (...) {
    call.addon.stack.clear();  // what a failed call left would keep its tensors alive
    throw;
  }
}

template <Function function>
void exportFunction(napi_env env, napi_value exports, Addon* addon, const char* name) {
  napi_value value;
  check(napi_create_function(env, name, NAPI_AUTO_LENGTH, guarded<function>, addon, &value), name);
  check(napi_set_named_property(env, exports, name, value), name);
}

void exportAll(napi_env env, napi_value exports, Addon* addon) {
  napi_value cuda;
  check(napi_get_boolean(env, builtWithCuda(), &cuda), "a boolean");
  check(napi_set_named_property(env, exports, "builtWithCuda", cuda), "builtWithCuda");
  check(napi_set_named_property(env, exports, "torchVersion", textToJs(env, TORCH_VERSION)), "torchVersion");
  exportFunction<cudaDevices>(env, exports, addon, "cudaDevices");
  exportFunction<cpuInfo>(env, exports, addon, "cpuInfo");
  exportFunction<setThreads>(env, exports, addon, "setThreads");
  exportFunction<threads>(env, exports, addon, "threads");
  exportFunction<setOneDnn>(env, exports, addon, "setOneDnn");
  exportFunction<seed>(env, exports, addon, "seed");
  exportFunction<findOperator>(env, exports, addon, "operator");
  exportFunction<schemaOf>(env, exports, addon, "schema");
  exportFunction<callOperator>(env, exports, addon, "call");
  exportFunction<createTensor>(env, exports, addon, "create");
  exportFunction<readSync>(env, exports, addon, "readSync");
  exportFunction<readInto>(env, exports, addon, "readInto");
  exportFunction<read>(env, exports, addon, "read");
  exportFunction<writeTensor>(env, exports, addon, "write");
  exportFunction<shapeOf>(env, exports, addon, "shape");
  exportFunction<dtypeOf>(env, exports, addon, "dtype");
  exportFunction<deviceOf>(env, exports, addon, "device");
  exportFunction<aliasOf>(env, exports, addon, "alias");
  exportFunction<freeTensor>(env, exports, addon, "free");
  exportFunction<isShared>(env, exports, addon, "isShared");
  exportFunction<groupJoin>(env, exports, addon, "groupJoin");
  exportFunction<groupAllReduce>(env, exports, addon, "groupAllReduce");
  exportFunction<groupBroadcast>(env, exports, addon, "groupBroadcast");
  exportFunction<groupLeave>(env, exports, addon, "groupLeave");
  exportFunction<memory>(env, exports, addon, "memory");
  exportFunction<synchronize>(env, exports, addon, "synchronize");
  exportFunction<emptyCache>(env, exports, addon, "emptyCache");
  exportFunction<graphBegin>(env, exports, addon, "graphBegin");
  exportFunction<graphEnd>(env, exports, addon, "graphEnd");
  exportFunction<graphReplay>(env, exports, addon, "graphReplay");
  exportFunction<graphFree>(env, exports, addon, "graphFree");
}

void deleteAddon(napi_env, void* data, void*) { delete static_cast<Addon*>(data); }

}  // namespace
}  // namespace simvlm

// Runs once in every environment that loads the addon, on that environment's thread.
NAPI_MODULE_INIT() {
  try {
    // TensorFlow.js differentiates, not ATen: without this every operator would keep books for gradients. The
    // mode belongs to the thread and lasts as long; nobody ends it.
    static thread_local auto* mode = new c10::InferenceMode(true);
    (void)mode;
    simvlm::installCpuAllocator();
    simvlm::registerFusedOperators();
    simvlm::registerDecodingOperators();
    auto* addon = new simvlm::Addon;
    simvlm::check(napi_set_instance_data(env, addon, simvlm::deleteAddon, nullptr), "instance data");
    simvlm::exportAll(env, exports, addon);
  } catch (...) {
    simvlm::throwCurrentException(env);
  }
  return exports;
}
