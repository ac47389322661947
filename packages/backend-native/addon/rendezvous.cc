#include "rendezvous.h"

#if defined(USE_C10D_GLOO) || defined(USE_C10D_NCCL)
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "errors.h"

namespace simvlm {
namespace {

using Clock = std::chrono::steady_clock;

/** How long process 0 stays for one that it does not fit with. */
constexpr std::chrono::milliseconds kFarewell{5000};

std::string reasonOf(const std::exception& error) {
  const std::string what = error.what();
  return what.substr(0, what.find('\n'));
}

void waitQuietly(c10d::Store& store, const std::string& key, std::chrono::milliseconds timeout) {
  try {
    store.wait({key}, timeout);
  } catch (const std::exception&) {
    // It has gone: then it need not read anything.
  }
}

std::string personOf(int rank, int size) {
  return "process " + std::to_string(rank) + " of " + std::to_string(size);
}

std::string secondsOf(std::chrono::milliseconds time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) + " s";
}

c10::intrusive_ptr<c10d::Store> openStore(const Meeting& meeting) {
  c10d::TCPStoreOptions options;
  options.port = meeting.port;
  options.isServer = meeting.rank == 0;
  options.waitWorkers = false;  // meet() waits, and knows whom it waits for
  options.timeout = meeting.timeout;
  const std::string place = meeting.host + ":" + std::to_string(meeting.port);
  try {
    return c10::make_intrusive<c10d::TCPStore>(meeting.host, options);
  } catch (const std::exception& error) {
    const std::string message = reasonOf(error);
    const std::string who = personOf(meeting.rank, meeting.size);
    if (message.find("in use") != std::string::npos || message.find("EADDRINUSE") != std::string::npos)
      throw UsageError(who + " cannot listen on port " + std::to_string(meeting.port) +
                       ", which is in use: give another MASTER_PORT, and each process its own RANK");
    throw UsageError(who + " cannot reach process 0 at " + place + " within " + secondsOf(meeting.timeout) +
                     ": check MASTER_ADDR, MASTER_PORT, and that process 0 runs (" + message + ")");
  }
}

}  // namespace

c10::intrusive_ptr<c10d::Store> meet(const Meeting& meeting) {
  const auto deadline = Clock::now() + meeting.timeout;
  // 0 would be forever.
  const auto left = [&] {
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    return std::max(time, std::chrono::milliseconds(1));
  };
  const auto store = openStore(meeting);
  const auto key = [](const char* what, int rank) {
    return std::string("simvlm/") + what + "/" + std::to_string(rank);
  };
  if (store->add(key("joined", meeting.rank), 1) != 1)
    throw UsageError("another process is " + personOf(meeting.rank, meeting.size) +
                     " already: give each its own RANK");
  const std::string own = std::to_string(meeting.size);
  store->set(key("size", meeting.rank), std::vector<uint8_t>(own.begin(), own.end()));
  for (int rank = 0; rank < meeting.size; ++rank) {
    std::vector<uint8_t> size;
    try {
      store->wait({key("size", rank)}, left());
      size = store->get(key("size", rank));
      if (rank == 0) store->add(key("read", meeting.rank), 1);
    } catch (const std::exception& error) {
      if (Clock::now() < deadline)
        throw UsageError("process 0 has ended before all were there (" + reasonOf(error) + ")");
      throw UsageError(personOf(rank, meeting.size) + " did not come within " + secondsOf(meeting.timeout));
    }
    const std::string other(size.begin(), size.end());
    if (other == own) continue;
    // The store goes with process 0: the other is to read there first what is wrong.
    if (meeting.rank == 0) waitQuietly(*store, key("read", rank), std::min(left(), kFarewell));
    throw UsageError("WORLD_SIZE is " + own + " here and " + other + " in process " + std::to_string(rank) +
                     ": give all the same");
  }
  return store;
}

std::string ownAddress(const std::string& host, uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0)
    throw UsageError("MASTER_ADDR " + host + " is no address that this machine knows");
  std::string address;
  for (const addrinfo* each = found; each != nullptr && address.empty(); each = each->ai_next) {
    const int descriptor = socket(each->ai_family, SOCK_DGRAM, 0);
    if (descriptor < 0) continue;
    // To connect a datagram socket sends nothing: it only chooses the way, and with it the address of this
    // end.
    sockaddr_storage own{};
    socklen_t length = sizeof own;
    char text[256];
    auto* end = reinterpret_cast<sockaddr*>(&own);
    if (connect(descriptor, each->ai_addr, each->ai_addrlen) == 0 &&
        getsockname(descriptor, end, &length) == 0 &&
        getnameinfo(end, length, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0)
      address = text;
    close(descriptor);
  }
  freeaddrinfo(found);
  if (address.empty()) throw UsageError("there is no way to MASTER_ADDR " + host + " from this machine");
  return address;
}

}  // namespace simvlm
#endif
