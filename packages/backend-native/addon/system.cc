// Threads, memory, devices and graphs.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <dlfcn.h>

#include <algorithm>

#include "addon.h"
#include "available.h"
#include "values.h"

namespace simvlm {
namespace {

/** What follows some words at the beginning of a line of a report; empty when there is no such line. */
std::string lineOf(const std::string& report, const std::string& begin) {
  for (size_t at = 0; at < report.size();) {
    size_t end = report.find('\n', at);
    if (end == std::string::npos) end = report.size();
    const size_t first = report.find_first_not_of(" \t-", at);
    if (first < end && report.compare(first, begin.size(), begin) == 0) {
      return report.substr(first + begin.size(), end - first - begin.size());
    }
    at = end + 1;
  }
  return "";
}

/** A function of a library that may be there, such as OpenBLAS. */
template <typename F>
F* symbol(const char* name) {
  return reinterpret_cast<F*>(dlsym(RTLD_DEFAULT, name));
}

/** The digits and points that follow some words in a report of a version; "?" where the words are not there. */
std::string numberAfter(const std::string& report, const std::string& words) {
  const size_t at = report.find(words);
  if (at == std::string::npos) return "?";
  const size_t first = at + words.size();
  return report.substr(first, report.find_first_not_of("0123456789.", first) - first);
}

/** What multiplies matrices, or nothing where ATen's own slow loops do. */
std::string blasName() {
  // OpenBLAS says which kernels it chose; MKL has no such functions.
  if (const auto core = symbol<const char*()>("openblas_get_corename")) {
    std::string name = std::string("OpenBLAS for ") + core();
    if (const auto parallel = symbol<int()>("openblas_get_parallel"))
      name += parallel() == 2 ? " on OpenMP" : parallel() == 1 ? " on POSIX threads" : "";
    return name;
  }
  return at::hasMKL() ? "MKL " + numberAfter(at::get_mkl_version(), "Version ") : "";
}

Graph& graphOf(const Call& call) {
  const auto found = call.addon.graphs.find(static_cast<int>(call.number(0, "a graph")));
  if (found == call.addon.graphs.end()) throw UsageError("no such graph");
  return *found->second;
}

void report(napi_env env, MemoryReport& memory, const CpuMemory& now, int64_t bytes) {
  int64_t total = 0;
  napi_adjust_external_memory(env, bytes - memory.reported, &total);
  memory = {bytes, now.inUse, now.inUse, now.allocated};
}

}  // namespace

void followMemory(napi_env env, Addon& addon) {
  // V8 collects all its garbage when a few hundred megabytes came on top. A training step's activations come
  // and go within a step, and a collection for them would cost much and free nothing; so V8 hears of the
  // lowest level in a window of a few times what comes and goes. What only grows is told when it has become
  // much.
  static const int64_t much = std::max<int64_t>(availableMemory() / 16, int64_t{512} << 20);
  MemoryReport& memory = addon.memoryReport;
  const CpuMemory now = cpuMemory();
  memory.low = std::min(memory.low, now.inUse);
  memory.high = std::max(memory.high, now.inUse);
  const int64_t window = 4 * (memory.high - memory.low) + (int64_t{256} << 20);
  if (now.inUse - memory.reported > much)
    report(env, memory, now, now.inUse);
  else if (now.allocated - memory.allocatedBefore > window)
    report(env, memory, now, memory.low);
}

void reportMemory(napi_env env, Addon& addon) {
  const CpuMemory now = cpuMemory();
  report(env, addon.memoryReport, now, now.inUse);
}

napi_value cudaDevices(Call& call) {
  const auto names = cudaDeviceNames();
  napi_value result;
  check(napi_create_array_with_length(call.env, names.size(), &result), "an array");
  for (size_t i = 0; i < names.size(); ++i)
    check(napi_set_element(call.env, result, static_cast<uint32_t>(i), textToJs(call.env, names[i])),
          "a name");
  return result;
}

napi_value cpuInfo(Call& call) {
  napi_value result;
  check(napi_create_object(call.env, &result), "an object");
  const auto set = [&](const char* name, napi_value value) {
    check(napi_set_named_property(call.env, result, name, value), name);
  };
  set("threads", numberToJs(call.env, at::get_num_threads()));
  set("capability", textToJs(call.env, lineOf(at::show_config(), "CPU capability usage: ")));
  set("blas", textToJs(call.env, blasName()));
  set("oneDnn", textToJs(call.env, at::globalContext().hasMKLDNN()
                                       ? numberAfter(at::get_mkldnn_version(), " v")
                                       : ""));
  return result;
}

napi_value setThreads(Call& call) {
  const double count = call.number(0, "threads");
  if (!isWhole(count) || count < 1 || count > 4096) throw UsageError("threads must be a whole number ≥ 1");
  at::set_num_threads(static_cast<int>(count));
  // OpenBLAS on POSIX threads has a pool of its own, of which ATen does not know.
  if (const auto set = symbol<void(int)>("openblas_set_num_threads")) set(static_cast<int>(count));
  return undefinedJs(call.env);
}

napi_value threads(Call& call) { return numberToJs(call.env, at::get_num_threads()); }

napi_value setOneDnn(Call& call) {
  bool enabled;
  if (call.count < 1 || napi_get_value_bool(call.env, call.arguments[0], &enabled) != napi_ok)
    throw UsageError("setOneDnn(enabled) takes a boolean");
  at::globalContext().setUserEnabledMkldnn(enabled);
  return undefinedJs(call.env);
}

napi_value seed(Call& call) {
  const double value = call.number(0, "a seed");
  if (!isWhole(value)) throw UsageError("a seed must be a whole number");
  at::manual_seed(static_cast<uint64_t>(static_cast<int64_t>(value)));
  return undefinedJs(call.env);
}

napi_value memory(Call& call) {
  reportMemory(call.env, call.addon);
  const DeviceMemory device = cudaMemory();
  napi_value result;
  check(napi_create_object(call.env, &result), "an object");
  const auto set = [&](const char* name, int64_t value) {
    check(napi_set_named_property(call.env, result, name, numberToJs(call.env, static_cast<double>(value))),
          name);
  };
  set("handles", call.addon.handles.size());
  set("bytes", call.addon.handles.bytes());
  set("deviceBytes", device.inUse);
  set("deviceReserved", device.reserved);
  set("devicePeak", device.peakInUse);
  set("devicePeakReserved", device.peakReserved);
  return result;
}

napi_value synchronize(Call& call) {
  const double device = call.number(0, "a device");
  if (device != -1) synchronizeCuda(static_cast<int>(device));  // the CPU has always done what it was asked
  return undefinedJs(call.env);
}

napi_value emptyCache(Call& call) {
  emptyCpuCache();
  emptyCudaCache();
  return undefinedJs(call.env);
}

napi_value graphBegin(Call& call) {
  const double device = call.number(0, "a device");
  Addon& addon = call.addon;
  if (addon.recording != nullptr) throw UsageError("another graph is being recorded");
  const int graph = addon.nextGraph++;
  if (device < 0) {
    auto program = std::make_unique<Program>(addon.handles);
    addon.recording = program.get();
    addon.graphs[graph] = std::move(program);
  } else {
    addon.graphs[graph] = beginGraph(static_cast<int>(device));
  }
  return numberToJs(call.env, graph);
}

napi_value graphEnd(Call& call) {
  Graph& graph = graphOf(call);
  if (call.addon.recording == &graph) call.addon.recording = nullptr;
  graph.end();
  return undefinedJs(call.env);
}

napi_value graphReplay(Call& call) {
  Graph& graph = graphOf(call);
  if (call.addon.recording != nullptr) throw UsageError("a graph is being recorded");
  graph.replay();
  followMemory(call.env, call.addon);
  return undefinedJs(call.env);
}

napi_value graphFree(Call& call) {
  if (call.addon.recording == &graphOf(call)) call.addon.recording = nullptr;
  call.addon.graphs.erase(static_cast<int>(call.number(0, "a graph")));
  return undefinedJs(call.env);
}

}  // namespace simvlm
