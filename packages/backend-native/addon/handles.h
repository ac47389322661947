// Tensors by number. JavaScript holds numbers, never pointers: a number that was freed is an error, never
// another tensor.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace simvlm {

class HandleTable {
 public:
  /** Keeps a tensor and gives its number: positive, and exact as a JavaScript number. */
  int64_t add(at::Tensor tensor);
  /** The tensor of a handle, or nullptr when it was freed or never given. */
  const at::Tensor* find(double handle) const;
  /** Lets a tensor go; false when the handle is not alive. */
  bool remove(double handle);
  /** Puts another tensor behind a handle; false when the handle is not alive. */
  bool replace(int64_t handle, at::Tensor tensor);
  /** Calls `visit(handle, tensor)` for all that are alive. */
  template <typename Visit>
  void each(Visit visit) const {
    for (size_t index = 0; index < slots_.size(); ++index)
      if (slots_[index].used) visit(handleOf(index), slots_[index].tensor);
  }

  int64_t size() const { return alive_; }
  /** Bytes of the storages that handles keep alive; one that several share counts once. */
  int64_t bytes() const;

 private:
  // A handle is generation · 2²² + index. The generation of a slot rises with every free, and a slot whose
  // generations are used up is never used again, so that no number comes twice in the life of the process.
  // The first 511 generations fit into V8's small integers.
  static constexpr int kIndexBits = 22;
  static constexpr int64_t kMaxSlots = int64_t{1} << kIndexBits;
  static constexpr uint32_t kLastGeneration = (uint32_t{1} << 30) - 1;

  struct Slot {
    at::Tensor tensor;
    uint32_t generation = 0;
    bool used = false;
  };

  int64_t indexOf(double handle) const;
  int64_t handleOf(size_t index) const {
    return (static_cast<int64_t>(slots_[index].generation) << kIndexBits) | static_cast<int64_t>(index);
  }

  std::vector<Slot> slots_ = std::vector<Slot>(1);  // slot 0 stays empty: 0 is no handle
  std::vector<uint32_t> free_;
  int64_t alive_ = 0;
};

}  // namespace simvlm
