#include "gil.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "errors.h"

#ifdef __GLIBCXX__
#include <cxxabi.h>
#endif

namespace sotto {
namespace {

namespace py = pybind11;

constexpr std::chrono::seconds kLongestWait{10};  // of the thread that ends the interpreter
constexpr std::chrono::seconds kLongestStay{2};   // of the others, after that
constexpr std::chrono::milliseconds kLook{5};

// What is under way in this process, and whether it is to end.
struct Calls {
  std::atomic<bool> ending{false};
  std::thread::id ended_by;         // written before `ending`
  std::atomic<bool> waited{false};  // for the calls at work: the interpreter goes on to its end
  std::mutex mutex;                 // over what follows
  std::condition_variable done;
  int at_work = 0;
};

Calls& AllCalls() {
  static Calls* const calls = new Calls;  // threads that hang outlive every destructor
  return *calls;
}

[[noreturn]] void Hang() {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
}

// ask(), which asks for Python's lock. Where Python ends the thread meanwhile, it hangs.
template <typename Ask>
auto OrHang(const Ask& ask) {
#ifdef __GLIBCXX__
  try {
    return ask();
  } catch (abi::__forced_unwind&) {
    Hang();
  }
#else
  return ask();
#endif
}

bool IsFinalizing() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsFinalizing() != 0;
#else
  return _Py_IsFinalizing() != 0;
#endif
}

// Takes the lock back, once it is known that the interpreter goes on.
void ComeBack(PyThreadState* state) {
  auto left = std::chrono::duration_cast<std::chrono::milliseconds>(kLongestStay);
  while (IsEnding() && left.count() > 0) {
    if (IsFinalizing()) Hang();
    std::this_thread::sleep_for(kLook);
    if (AllCalls().waited) left -= kLook;  // the graph of another thread may take longer
  }
  OrHang([&] { PyEval_RestoreThread(state); });
}

void WaitForCalls() {
  Calls& calls = AllCalls();
  calls.ended_by = std::this_thread::get_id();
  calls.ending = true;
  PyThreadState* const state = PyEval_SaveThread();
  {
    std::unique_lock<std::mutex> lock(calls.mutex);
    calls.done.wait_for(lock, kLongestWait, [&] { return calls.at_work == 0; });
  }
  PyEval_RestoreThread(state);
  calls.waited = true;
}

}  // namespace

bool IsEnding() {
  const Calls& calls = AllCalls();
  return calls.ending && calls.ended_by != std::this_thread::get_id();
}

void BindEnding() {
  py::module_::import("atexit").attr("register")(py::cpp_function(&WaitForCalls));
}

GilReleased::GilReleased() {
  if (IsEnding()) {
    ComeBack(PyEval_SaveThread());
    ThrowPython({ErrorCode::kCancelled, "the interpreter ends"});
  }
  Calls& calls = AllCalls();
  {
    const std::lock_guard<std::mutex> turn(calls.mutex);
    ++calls.at_work;
  }
  state_ = PyEval_SaveThread();
}

GilReleased::~GilReleased() {
  Calls& calls = AllCalls();
  {
    const std::lock_guard<std::mutex> turn(calls.mutex);
    if (--calls.at_work == 0) calls.done.notify_all();
  }
  ComeBack(state_);
}

GilTaken::GilTaken() : state_(OrHang([] { return PyGILState_Ensure(); })) {}

GilTaken::~GilTaken() { PyGILState_Release(state_); }

py::object CallPython(py::handle callable, const py::tuple& arguments) {
  PyObject* const result =
      OrHang([&] { return PyObject_CallObject(callable.ptr(), arguments.ptr()); });
  if (result == nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(result);
}

py::object NextOf(py::handle iterator) {
  PyObject* const next = OrHang([&] { return PyIter_Next(iterator.ptr()); });
  if (next == nullptr && PyErr_Occurred() != nullptr) throw py::error_already_set();
  return py::reinterpret_steal<py::object>(next);
}

void CheckSignals() {
  if (OrHang([] { return PyErr_CheckSignals(); }) != 0) throw py::error_already_set();
}

bool PythonCallbacks::IsCancelled(py::handle cancelled) {
  bool stop = false;
  const bool going = Run([&] {
    CheckSignals();
    if (cancelled.is_none()) return;
    const py::object answer = CallPython(cancelled, py::tuple());
    const int truth = OrHang([&] { return PyObject_IsTrue(answer.ptr()); });
    if (truth < 0) throw py::error_already_set();
    stop = truth == 1;
  });
  return !going || stop;
}

}  // namespace sotto
