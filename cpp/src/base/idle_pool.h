// What calls leave behind for the next ones: sessions and graphs that cost time to make.

#ifndef SOTTO_SRC_BASE_IDLE_POOL_H_
#define SOTTO_SRC_BASE_IDLE_POOL_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace sotto {

// Things that one call at a time may use, of which the idle ones are kept. Nothing waits: a call
// that finds none idle makes its own. For any number of threads.
template <typename T>
class IdlePool {
 public:
  // max_idle: how many are kept; what is given beyond that is freed.
  explicit IdlePool(size_t max_idle) : max_idle_(max_idle) {}

  // The one that was given last, whose memory is warm; null if there is none.
  std::unique_ptr<T> Take() {
    const std::lock_guard<std::mutex> turn(mutex_);
    if (idle_.empty()) return nullptr;
    std::unique_ptr<T> taken = std::move(idle_.back());
    idle_.pop_back();
    return taken;
  }

  void Give(std::unique_ptr<T> done) {
    const std::lock_guard<std::mutex> turn(mutex_);
    if (idle_.size() < max_idle_) idle_.push_back(std::move(done));
  }

  // Frees what is idle, and from now on whatever is given.
  void Close() {
    std::vector<std::unique_ptr<T>> freed;  // without the lock
    const std::lock_guard<std::mutex> turn(mutex_);
    freed.swap(idle_);
    max_idle_ = 0;
  }

 private:
  std::mutex mutex_;  // over what follows; held for a few instructions
  size_t max_idle_;
  std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace sotto

#endif  // SOTTO_SRC_BASE_IDLE_POOL_H_
