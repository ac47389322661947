// Several processes that compute together, by c10d: Gloo between CPUs, NCCL between CUDA devices. Compiled
// with -DUSE_C10D_GLOO and -DUSE_C10D_NCCL where their headers are; without both there is nothing to join.
#pragma once

#include <ATen/core/Tensor.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace simvlm {

/** Where the processes meet, and which of them this one is. */
struct Meeting {
  std::string host;  // of process 0, or of the launcher
  uint16_t port = 0;
  // A launcher (torchrun) listens there, and outlives the processes that it starts again.
  bool launcherListens = false;
  int rank = 0;  // 0 ≤ rank < size
  int size = 1;
  std::chrono::milliseconds timeout{0};
  c10::Device device = at::kCPU;
};

/** Tensors on their way between the processes. */
class Collective {
 public:
  virtual ~Collective() = default;
  /** Blocks until all have done their part, on any thread; throws when one does not within the timeout. */
  virtual void wait() = 0;
  /** After `wait`: new tensors of the shapes that were given. */
  virtual std::vector<at::Tensor> results() const = 0;
};

/** Every process of a group asks for the same collectives, of tensors of the same shapes, in the same order.
 */
class ProcessGroup {
 public:
  /** Waits until all processes are there; throws when they are not within the timeout, or do not fit. */
  static std::shared_ptr<ProcessGroup> join(const Meeting& meeting);

  virtual ~ProcessGroup() = default;
  /** Starts to add up tensors over the processes; `travel` is the type of the numbers on their way, if not their own. */
  virtual std::unique_ptr<Collective> allReduce(const std::vector<at::Tensor>& tensors,
                                                std::optional<at::ScalarType> travel) = 0;
  /** Starts to send the tensors of one process to all. */
  virtual std::unique_ptr<Collective> broadcast(const std::vector<at::Tensor>& tensors, int from) = 0;
};

}  // namespace simvlm
