#include "rendezvous.h"

#if defined(USE_C10D_GLOO) || defined(USE_C10D_NCCL)
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <sstream>
#include <thread>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "errors.h"

namespace simvlm {
namespace {

using Clock = std::chrono::steady_clock;

/** How long process 0 stays for one that it does not fit with. */
constexpr std::chrono::milliseconds kFarewell{5000};

std::chrono::milliseconds leftUntil(Clock::time_point deadline) {
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return std::max(time, std::chrono::milliseconds(1));  // 0 would be forever
}

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

/** Sets the option where this libtorch has it: its server would run on the libuv that Node exports, which is another version. */
template <typename Options>
auto withoutLibUv(Options& options, int) -> decltype(options.useLibUV, void()) {
  options.useLibUV = false;
}
template <typename Options>
void withoutLibUv(Options&, long) {}

using TcpStorePtr = c10::intrusive_ptr<c10d::TCPStore>;

/** @param port 0 lets a server take any */
TcpStorePtr tcpStore(const std::string& host, uint16_t port, bool isServer,
                     std::chrono::milliseconds timeout) {
  c10d::TCPStoreOptions options;
  options.port = port;
  options.isServer = isServer;
  options.waitWorkers = false;  // meet() waits, and knows whom it waits for
  options.timeout = timeout;
  withoutLibUv(options, 0);
  return c10::make_intrusive<c10d::TCPStore>(host, options);
}

TcpStorePtr openStore(const Meeting& meeting, bool isServer) {
  const std::string place = meeting.host + ":" + std::to_string(meeting.port);
  try {
    return tcpStore(meeting.host, meeting.port, isServer, meeting.timeout);
  } catch (const std::exception& error) {
    const std::string message = reasonOf(error);
    const std::string who = personOf(meeting.rank, meeting.size);
    if (message.find("in use") != std::string::npos || message.find("EADDRINUSE") != std::string::npos)
      throw UsageError(who + " cannot listen on port " + std::to_string(meeting.port) +
                       ", which is in use: give another MASTER_PORT, and each process its own RANK");
    const std::string whom = meeting.launcherListens ? "its launcher" : "process 0";
    throw UsageError(who + " cannot reach " + whom + " at " + place + " within " + secondsOf(meeting.timeout) +
                     ": check MASTER_ADDR, MASTER_PORT, and that " + whom + " runs (" + message + ")");
  }
}

/** Under this key the launcher's store says where process 0 listens: `PORT NONCE ADDRESS`. */
constexpr const char* kPlaceKey = "simvlm/process 0";
/** Under this key the store of process 0 has its nonce. */
constexpr const char* kNonceKey = "simvlm/nonce";
/** How long to try a place at a time: it may be that of a process 0 which is gone. */
constexpr std::chrono::milliseconds kAttempt{1000};
constexpr std::chrono::milliseconds kPause{50};

std::vector<uint8_t> bytesOf(const std::string& text) { return {text.begin(), text.end()}; }
std::string textOf(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

std::string newNonce() {
  std::random_device random;
  return std::to_string(random()) + "-" + std::to_string(random()) + "-" + std::to_string(getpid());
}

/** Where the process 0 of this round listens, or null where what the launcher's store says is of an earlier round. */
TcpStorePtr tryPlace(const std::string& place, std::chrono::milliseconds timeout) {
  std::istringstream words(place);
  int port = 0;
  std::string nonce, address;
  words >> port >> nonce >> address;
  try {
    const auto store = tcpStore(address, static_cast<uint16_t>(port), false, timeout);
    // Another program may have that port by now.
    store->wait({kNonceKey}, timeout);
    return textOf(store->get(kNonceKey)) == nonce ? store : TcpStorePtr();
  } catch (const std::exception&) {
    return TcpStorePtr();
  }
}

/**
 * The store of process 0, which it opens anew each time and tells of in the launcher's. That one knows the processes that were killed,
 * too, and nothing tells all processes of a round alike which round it is: TORCHELASTIC_RESTART_COUNT differs between machines.
 */
TcpStorePtr openBehindLauncher(const Meeting& meeting, Clock::time_point deadline) {
  const auto launcher = openStore(meeting, false);
  if (meeting.rank == 0) {
    const std::string address = ownAddress(meeting.host, meeting.port);
    const auto store = tcpStore(address, 0, true, meeting.timeout);
    const std::string nonce = newNonce();
    store->set(kNonceKey, bytesOf(nonce));
    launcher->set(kPlaceKey, bytesOf(std::to_string(store->getPort()) + " " + nonce + " " + address));
    return store;
  }
  do {
    try {
      launcher->wait({kPlaceKey}, leftUntil(deadline));
    } catch (const std::exception& error) {
      if (Clock::now() < deadline) throw UsageError("the launcher has ended (" + reasonOf(error) + ")");
      break;
    }
    const auto store = tryPlace(textOf(launcher->get(kPlaceKey)), std::min(leftUntil(deadline), kAttempt));
    if (store) return store;
    std::this_thread::sleep_for(kPause);
  } while (Clock::now() < deadline);
  throw UsageError(personOf(0, meeting.size) + " did not come within " + secondsOf(meeting.timeout));
}

}  // namespace

c10::intrusive_ptr<c10d::Store> meet(const Meeting& meeting) {
  const auto deadline = Clock::now() + meeting.timeout;
  const auto left = [&] { return leftUntil(deadline); };
  const auto store =
      meeting.launcherListens ? openBehindLauncher(meeting, deadline) : openStore(meeting, meeting.rank == 0);
  const auto key = [](const char* what, int rank) {
    return std::string("simvlm/") + what + "/" + std::to_string(rank);
  };
  if (store->add(key("joined", meeting.rank), 1) != 1)
    throw UsageError("another process is " + personOf(meeting.rank, meeting.size) +
                     " already: give each its own RANK");
  const std::string own = std::to_string(meeting.size);
  store->set(key("size", meeting.rank), bytesOf(own));
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
    const std::string other = textOf(size);
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
