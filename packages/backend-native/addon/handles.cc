#include "handles.h"

#include <stdexcept>
#include <unordered_set>

namespace simvlm {

int64_t HandleTable::add(at::Tensor tensor) {
  uint32_t index;
  if (!free_.empty()) {
    index = free_.back();
    free_.pop_back();
  } else {
    if (static_cast<int64_t>(slots_.size()) >= kMaxSlots)
      throw std::runtime_error("4 million tensors are alive at once: tensors are not being freed");
    index = static_cast<uint32_t>(slots_.size());
    slots_.emplace_back();
  }
  Slot& slot = slots_[index];
  slot.tensor = std::move(tensor);
  slot.used = true;
  ++alive_;
  return handleOf(index);
}

int64_t HandleTable::indexOf(double handle) const {
  // The comparison is false for NaN too.
  if (!(handle >= 1 && handle < 4503599627370496.0)) return -1;
  const auto whole = static_cast<int64_t>(handle);
  if (static_cast<double>(whole) != handle) return -1;
  const int64_t index = whole & (kMaxSlots - 1);
  if (index >= static_cast<int64_t>(slots_.size())) return -1;
  const Slot& slot = slots_[index];
  return slot.used && slot.generation == static_cast<uint32_t>(whole >> kIndexBits) ? index : -1;
}

const at::Tensor* HandleTable::find(double handle) const {
  const int64_t index = indexOf(handle);
  return index < 0 ? nullptr : &slots_[index].tensor;
}

bool HandleTable::remove(double handle) {
  const int64_t index = indexOf(handle);
  if (index < 0) return false;
  Slot& slot = slots_[index];
  slot.tensor.reset();
  slot.used = false;
  --alive_;
  if (slot.generation < kLastGeneration) {
    ++slot.generation;
    free_.push_back(static_cast<uint32_t>(index));
  }
  return true;
}

bool HandleTable::replace(int64_t handle, at::Tensor tensor) {
  const int64_t index = indexOf(static_cast<double>(handle));
  if (index < 0) return false;
  slots_[index].tensor = std::move(tensor);
  return true;
}

int64_t HandleTable::bytes() const {
  // Counted on demand: nobody asks often, and every call would pay for a running count.
  std::unordered_set<const void*> seen;
  int64_t bytes = 0;
  for (const Slot& slot : slots_) {
    if (!slot.used || !slot.tensor.has_storage()) continue;
    const auto* storage = slot.tensor.storage().unsafeGetStorageImpl();
    if (seen.insert(storage).second) bytes += static_cast<int64_t>(storage->nbytes());
  }
  return bytes;
}

}  // namespace simvlm
