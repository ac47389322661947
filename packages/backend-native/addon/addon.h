// What one JavaScript environment (the main thread or a worker) owns, and how its functions are called.
#pragma once

#include <node_api.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "allocator.h"
#include "device.h"
#include "errors.h"
#include "handles.h"
#include "operators.h"

namespace simvlm {

/** What V8 knows of our memory. */
struct MemoryReport {
  int64_t reported = 0;     // bytes that V8 was told of
  int64_t low = INT64_MAX;  // the least and the most in use since then
  int64_t high = 0;
  int64_t allocatedBefore = 0;  // ever handed out, at that time
};

class ProcessGroup;

struct Addon {
  HandleTable handles;
  std::vector<std::unique_ptr<Operator>> operators;
  std::unordered_map<std::string, int> operatorIds;
  std::map<int, std::unique_ptr<Graph>> graphs;
  int nextGraph = 1;
  std::map<int, std::shared_ptr<ProcessGroup>> processGroups;
  int nextProcessGroup = 1;
  Program* recording = nullptr;  // one of the graphs, between its begin and its end
  torch::jit::Stack stack;
  MemoryReport memoryReport;
};

inline UsageError staleHandle(double handle) {
  char text[64];
  std::snprintf(text, sizeof text, "no living tensor has the handle %.17g", handle);
  return UsageError(text);
}

/** A call from JavaScript. */
struct Call {
  static constexpr size_t kMaxArguments = 7;

  napi_env env;
  Addon& addon;
  size_t count;
  napi_value arguments[kMaxArguments];

  double number(size_t position, const char* what) const {
    double value;
    if (position >= count || napi_get_value_double(env, arguments[position], &value) != napi_ok)
      throw UsageError(std::string(what) + " must be a number");
    return value;
  }

  const at::Tensor& tensor(size_t position) const {
    const double handle = number(position, "a tensor's handle");
    const at::Tensor* tensor = addon.handles.find(handle);
    if (tensor == nullptr) throw staleHandle(handle);
    return *tensor;
  }
};

using Function = napi_value (*)(Call&);

/** The N-API callback of a function: unpacks the arguments and turns exceptions into JavaScript's. */
template <Function function>
napi_value guarded(napi_env env, napi_callback_info info) {
  try {
    size_t count = Call::kMaxArguments;
    void* data = nullptr;
    napi_value arguments[Call::kMaxArguments];
    check(napi_get_cb_info(env, info, &count, arguments, nullptr, &data), "a call");
    Call call{env, *static_cast<Addon*>(data), count < Call::kMaxArguments ? count : Call::kMaxArguments, {}};
    for (size_t i = 0; i < call.count; ++i) call.arguments[i] = arguments[i];
    return function(call);
  } catch (...) {
    throwCurrentException(env);
    return nullptr;
  }
}

/**
 * Tells V8 now and then how many bytes wait outside its heap, so that it collects tensors that were
 * forgotten; to be called after what may allocate.
 */
void followMemory(napi_env env, Addon& addon);
/** Tells V8 exactly. */
void reportMemory(napi_env env, Addon& addon);

// Tensors (tensors.cc).
napi_value createTensor(Call&);
napi_value readSync(Call&);
napi_value readInto(Call&);
napi_value read(Call&);
napi_value writeTensor(Call&);
napi_value shapeOf(Call&);
napi_value dtypeOf(Call&);
napi_value deviceOf(Call&);
napi_value aliasOf(Call&);
napi_value freeTensor(Call&);
napi_value isShared(Call&);

// Several processes (collectives.cc).
napi_value groupJoin(Call&);
napi_value groupAllReduce(Call&);
napi_value groupBroadcast(Call&);
napi_value groupLeave(Call&);

// Everything else (system.cc).
napi_value cudaDevices(Call&);
napi_value cpuInfo(Call&);
napi_value setThreads(Call&);
napi_value threads(Call&);
napi_value setOneDnn(Call&);
napi_value seed(Call&);
napi_value memory(Call&);
napi_value synchronize(Call&);
napi_value emptyCache(Call&);
napi_value graphBegin(Call&);
napi_value graphEnd(Call&);
napi_value graphReplay(Call&);
napi_value graphFree(Call&);

}  // namespace simvlm
