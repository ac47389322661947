// How the processes of a group find one another.
#pragma once

#include <string>

#include "process_group.h"

#if defined(USE_C10D_GLOO) || defined(USE_C10D_NCCL)
#include <torch/csrc/distributed/c10d/Store.hpp>

namespace simvlm {

/**
 * The store that process 0 keeps and all others reach, once all of them have said who they are. Throws when
 * one does not come within the timeout, comes twice, or counts another number of processes.
 */
c10::intrusive_ptr<c10d::Store> meet(const Meeting& meeting);

/** The address of this machine from which it reaches a host, and so the one that others of that network reach
 * it by. */
std::string ownAddress(const std::string& host, uint16_t port);

}  // namespace simvlm
#endif
