#pragma once

#include <chrono>
#include <string>
#include <vector>

// c10d's header of its Gloo group includes headers of Gloo, which no libtorch from pip brings along. It needs of them no more than the names
// below: the addon passes pointers to these objects from one function of c10d to another, and neither makes one nor looks into it. So
// nothing here says how they are laid out, and it fits the Gloo inside every libtorch. A test looks for Gloo's symbols in the compiled addon.

namespace gloo {

/** Has the one function that c10d's header calls, in code that the addon does not use. */
class Context {
 public:
  void setTimeout(std::chrono::milliseconds timeout);
};

namespace transport {

class Device;

/** Complete, as c10d's classes own one; the addon makes none of those. */
class UnboundBuffer {
 public:
  virtual ~UnboundBuffer() = default;
};

}  // namespace transport

namespace rendezvous {

/** What c10d's `GlooStore` overrides and names. The addon makes no store. */
class Store {
 public:
  static const std::chrono::milliseconds kDefaultTimeout;
  virtual ~Store() = default;
  virtual void set(const std::string& key, const std::vector<char>& value) = 0;
  virtual std::vector<char> get(const std::string& key) = 0;
  virtual void wait(const std::vector<std::string>& keys) = 0;
  virtual void wait(const std::vector<std::string>& keys, const std::chrono::milliseconds& timeout) = 0;
};

}  // namespace rendezvous

}  // namespace gloo
