#ifndef SOTTO_NEURON_HOST_THREADS_H_
#define SOTTO_NEURON_HOST_THREADS_H_

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace sotto::neuron {

// Memory that grows to what was asked of it and is then used again, aligned for vectors.
class Scratch {
 public:
  // `count` elements, what is in them unspecified; valid until the next call.
  template <typename T>
  T* Get(size_t count) {
    return static_cast<T*>(Bytes(count * sizeof(T)));
  }

 private:
  void* Bytes(size_t bytes);

  std::vector<uint8_t> bytes_;
};

// What one thread works in.
struct Workspace {
  Scratch left, sums, patches;
};

// Threads that share the tasks of a loop; the caller is one of them.
class Threads {
 public:
  explicit Threads(int count);
  ~Threads();
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  size_t count() const { return workspaces_.size(); }

  // Calls `task` with 0 to `tasks` - 1, in any order, and returns when all have returned. Nothing
  // may be thrown through it but std::bad_alloc, which is thrown again here.
  using Task = std::function<void(size_t index, Workspace& workspace)>;
  void For(size_t tasks, const Task& task);

  // Memory that the kernel that runs has for itself, by any number.
  Scratch& scratch(size_t i);

 private:
  void Work(size_t worker);
  void TakeTasks(size_t worker);

  std::vector<Workspace> workspaces_;
  std::vector<Scratch> scratch_;
  std::vector<std::thread> workers_;

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const Task* task_ = nullptr;
  size_t tasks_ = 0, round_ = 0, busy_ = 0;
  std::atomic<size_t> next_{0};
  std::atomic<bool> out_of_memory_{false};
  bool stop_ = false;
};

// Calls `body(begin, end, workspace)` for pieces of 0 to `count`, which are at most `piece` long.
template <typename Body>
void ForPieces(Threads& threads, size_t count, size_t piece, const Body& body) {
  threads.For((count + piece - 1) / piece, [&](size_t i, Workspace& workspace) {
    const size_t begin = i * piece;
    body(begin, begin + (count - begin < piece ? count - begin : piece), workspace);
  });
}

}  // namespace sotto::neuron

#endif  // SOTTO_NEURON_HOST_THREADS_H_
