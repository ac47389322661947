// A recorded sequence of operators on the CPU: what a CUDA graph is on a GPU. A replay costs the operators alone,
// without JavaScript, whose share is three quarters of a step that decodes one token.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <unordered_map>
#include <utility>
#include <vector>

#include "device.h"
#include "handles.h"

namespace simvlm {

/**
 * While it records, operators run as always, and each is written down with its arguments. A tensor that an operator made is a
 * place of the program, with a new tensor in it at every replay; a tensor that was there before is itself part of the
 * program and stays where it is in memory. Handles that outlive the recording are given the tensor of their place after
 * every replay.
 */
class Program final : public Graph {
 public:
  explicit Program(HandleTable& handles) : handles_(handles) {}

  /** The arguments of an operator that is about to run. */
  void before(const torch::jit::Stack& stack);
  /** What it returned. */
  void after(const c10::OperatorHandle& op, const torch::jit::Stack& stack);
  /** A handle is about to be freed. */
  void released(const at::Tensor& tensor);

  void end() override;
  void replay() override;

 private:
  static constexpr int kNoPlace = -1;

  struct Argument {
    size_t position;
    int place;                // of a tensor
    std::vector<int> places;  // of a list of tensors; kNoPlace for one that was there before
  };
  struct Instruction {
    c10::OperatorHandle op;
    torch::jit::Stack arguments;   // with nothing where a place is read
    std::vector<Argument> places;  // arguments to be filled in
    std::vector<int> results;      // places of what it returns, lists of tensors laid end to end
    std::vector<int> released;     // places that are needed no more
  };

  int placeOf(const at::Tensor& tensor) const;
  int placeFor(const at::Tensor& tensor);
  bool isFixedView(const c10::FunctionSchema& schema, const torch::jit::Stack& results) const;
  void run(const Instruction& instruction);

  HandleTable& handles_;
  std::vector<Instruction> instructions_;
  std::vector<at::Tensor> tensors_;  // by place, during a replay
  std::vector<std::pair<int64_t, int>> outputs_;  // handles that live on, and their places
  torch::jit::Stack stack_;
  // While recording: arguments of the operator that runs, and the places of the tensors that live.
  torch::jit::Stack pending_;
  std::unordered_map<const void*, int> places_;
  int count_ = 0;
};

}  // namespace simvlm
