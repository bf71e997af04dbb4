#include "threads.h"

#include <algorithm>
#include <new>

#include "alignment.h"

namespace sotto::neuron {

void* Scratch::Bytes(size_t bytes) {
  if (bytes_.size() < bytes + kAlignment) {
    bytes_ = {};  // before the larger one: what was in it may go
    bytes_.resize(bytes + kAlignment);
  }
  const auto address = reinterpret_cast<uintptr_t>(bytes_.data());
  return bytes_.data() + (kAlignment - address % kAlignment) % kAlignment;
}

Threads::Threads(int count) : workspaces_(static_cast<size_t>(std::max(count, 1))) {
  for (size_t i = 1; i < workspaces_.size(); ++i) {
    workers_.emplace_back([this, i] { Work(i); });
  }
}

Threads::~Threads() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

Scratch& Threads::scratch(size_t i) {
  if (scratch_.size() <= i) scratch_.resize(i + 1);
  return scratch_[i];
}

void Threads::For(size_t tasks, const Task& task) {
  if (tasks == 0) return;
  if (tasks == 1 || workers_.empty()) {
    for (size_t i = 0; i < tasks; ++i) task(i, workspaces_[0]);
    return;
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    task_ = &task;
    tasks_ = tasks;
    next_ = 0;
    busy_ = workers_.size();
    ++round_;
  }
  wake_.notify_all();
  TakeTasks(0);
  std::unique_lock<std::mutex> lock(mutex_);
  done_.wait(lock, [this] { return busy_ == 0; });
  if (out_of_memory_.exchange(false)) throw std::bad_alloc();
}

void Threads::TakeTasks(size_t worker) {
  try {
    for (size_t i = next_++; i < tasks_; i = next_++) (*task_)(i, workspaces_[worker]);
  } catch (const std::bad_alloc&) {
    out_of_memory_ = true;
    next_ = tasks_;
  }
}

void Threads::Work(size_t worker) {
  size_t seen = 0;
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stop_ || round_ != seen; });
    if (stop_) return;
    seen = round_;
    lock.unlock();
    TakeTasks(worker);
    lock.lock();
    if (--busy_ == 0) done_.notify_one();
  }
}

}  // namespace sotto::neuron
