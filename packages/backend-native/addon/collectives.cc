// Process groups for JavaScript: joining, sums, broadcasts, each as a promise.
#include "addon.h"
#include "process_group.h"
#include "promise.h"
#include "values.h"

namespace simvlm {
namespace {

class Joining final : public Waiting {
 public:
  Joining(Addon& addon, Meeting meeting) : addon_(addon), meeting_(std::move(meeting)) {}
  void wait() override { group_ = ProcessGroup::join(meeting_); }
  napi_value result(napi_env env) override {
    const int id = addon_.nextProcessGroup++;
    addon_.processGroups[id] = std::move(group_);
    return numberToJs(env, id);
  }

 private:
  Addon& addon_;
  Meeting meeting_;
  std::shared_ptr<ProcessGroup> group_;
};

class Collecting final : public Waiting {
 public:
  Collecting(Addon& addon, std::unique_ptr<Collective> collective)
      : addon_(addon), collective_(std::move(collective)) {}
  void wait() override { collective_->wait(); }
  napi_value result(napi_env env) override {
    const std::vector<at::Tensor> tensors = collective_->results();
    napi_value handles;
    check(napi_create_array_with_length(env, tensors.size(), &handles), "an array");
    for (size_t i = 0; i < tensors.size(); ++i)
      check(napi_set_element(env, handles, static_cast<uint32_t>(i),
                             handleToJs(env, addon_.handles, tensors[i])),
            "a tensor");
    followMemory(env, addon_);
    return handles;
  }

 private:
  Addon& addon_;
  std::unique_ptr<Collective> collective_;
};

ProcessGroup& groupOf(const Call& call) {
  const auto found = call.addon.processGroups.find(static_cast<int>(call.number(0, "a process group")));
  if (found == call.addon.processGroups.end()) throw UsageError("no such process group");
  return *found->second;
}

std::vector<at::Tensor> tensorsOf(const Call& call, size_t position) {
  uint32_t length = 0;
  if (position >= call.count || napi_get_array_length(call.env, call.arguments[position], &length) != napi_ok)
    throw UsageError("tensors must be an array of handles");
  std::vector<at::Tensor> tensors;
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    double handle = 0;
    check(napi_get_element(call.env, call.arguments[position], i, &element), "a handle");
    if (napi_get_value_double(call.env, element, &handle) != napi_ok)
      throw UsageError("tensors must be an array of handles; element " + std::to_string(i) + " is " +
                       describe(call.env, element));
    const at::Tensor* tensor = call.addon.handles.find(handle);
    if (tensor == nullptr) throw staleHandle(handle);
    tensors.push_back(*tensor);
  }
  return tensors;
}

int wholeFrom(const Call& call, size_t position, const char* what, double least, double most) {
  const double value = call.number(position, what);
  if (!isWhole(value) || value < least || value > most)
    throw UsageError(std::string(what) + " is out of range");
  return static_cast<int>(value);
}

napi_value promiseOfTensors(const Call& call, std::unique_ptr<Collective> collective) {
  return promiseOf(call.env, "simvlm.collective",
                   std::make_unique<Collecting>(call.addon, std::move(collective)));
}

}  // namespace

napi_value groupJoin(Call& call) {
  if (call.count < 7)
    throw UsageError(
        "groupJoin takes a host, a port, a rank, a size, a timeout, a device, and whether a launcher listens");
  Meeting meeting;
  meeting.host = toString(call.env, call.arguments[0]);
  meeting.port = static_cast<uint16_t>(wholeFrom(call, 1, "a port", 1, 65535));
  meeting.size = wholeFrom(call, 3, "a number of processes", 1, 1 << 20);
  meeting.rank = wholeFrom(call, 2, "a rank", 0, meeting.size - 1);
  meeting.timeout = std::chrono::milliseconds(wholeFrom(call, 4, "a timeout", 1, INT32_MAX));
  meeting.device = toDevice(call.number(5, "a device"));
  check(napi_get_value_bool(call.env, call.arguments[6], &meeting.launcherListens),
        "whether a launcher listens");
  return promiseOf(call.env, "simvlm.join", std::make_unique<Joining>(call.addon, std::move(meeting)));
}

napi_value groupAllReduce(Call& call) {
  bool compressed = false;
  if (call.count < 3 || napi_get_value_bool(call.env, call.arguments[2], &compressed) != napi_ok)
    throw UsageError("groupAllReduce takes a group, tensors, and whether bfloat16 numbers travel");
  const auto travel = compressed ? std::optional(at::kBFloat16) : std::nullopt;
  return promiseOfTensors(call, groupOf(call).allReduce(tensorsOf(call, 1), travel));
}

napi_value groupBroadcast(Call& call) {
  const int from = wholeFrom(call, 2, "a rank", 0, 1 << 20);
  return promiseOfTensors(call, groupOf(call).broadcast(tensorsOf(call, 1), from));
}

napi_value groupLeave(Call& call) {
  groupOf(call);
  call.addon.processGroups.erase(static_cast<int>(call.number(0, "a process group")));
  return undefinedJs(call.env);
}

}  // namespace simvlm
