// Python's lock, let go and taken again, in an interpreter that may be ending.
//
// While an interpreter ends, a thread that asks for its lock does not get it: Python up to 3.13
// ends the thread there and then, by an unwinding that C++ must not stop and that destructors must
// not see (it would be std::terminate), and 3.14 lets it hang. So no call of ours asks for the lock
// but through this file, where such a thread hangs on every version: it holds nothing, and the
// process is about to end.

#ifndef SOTTO_PYTHON_GIL_H_
#define SOTTO_PYTHON_GIL_H_

#include <pybind11/pybind11.h>

#include <exception>
#include <utility>

namespace sotto {

// Whether the interpreter ends, which ends all calls that are at work. Not on the thread that ends
// it, whose own calls work until the last. Needs no lock.
bool IsEnding();

// Registers with `atexit` what sets IsEnding and waits for the calls that are at work, ten seconds
// at most: a graph that runs can't be stopped.
void BindEnding();

// No Python lock as long as this lasts; counted among the calls at work. While the interpreter
// ends, a thread that is done stays here, so that it prints no error of a call that was ended; but
// after two seconds it goes on, as what else runs at exit may wait for it.
class GilReleased {
 public:
  // Throws CancelledError where the interpreter ends: nothing is begun any more.
  GilReleased();
  ~GilReleased();
  GilReleased(const GilReleased&) = delete;
  GilReleased& operator=(const GilReleased&) = delete;

 private:
  PyThreadState* state_;
};

// Python's lock as long as this lasts, on a thread that let go of it.
class GilTaken {
 public:
  GilTaken();
  ~GilTaken();
  GilTaken(const GilTaken&) = delete;
  GilTaken& operator=(const GilTaken&) = delete;

 private:
  PyGILState_STATE state_;
};

// callable(*arguments), with the lock. A thread that Python ends meanwhile hangs here, before any
// destructor has run. Throws error_already_set.
pybind11::object CallPython(pybind11::handle callable, const pybind11::tuple& arguments);

// The iterator's next object; null at its end. As CallPython.
pybind11::object NextOf(pybind11::handle iterator);

// Runs Python's signal handlers, which the main thread has. Throws what they raise.
void CheckSignals();

// Lets C++ call back into Python from a call that let go of the lock. The first Python exception is
// kept, ends the call, and is raised again once the lock is back.
class PythonCallbacks {
 public:
  // Whether call() was run and raised nothing.
  template <typename Call>
  bool Run(const Call& call) {
    if (IsEnding()) return false;
    const GilTaken taken;
    if (exception_ != nullptr) return false;
    try {
      call();
      return true;
    } catch (pybind11::error_already_set&) {
      exception_ = std::current_exception();
    } catch (std::exception&) {
      exception_ = std::current_exception();
    }
    return false;
  }

  // Whether the call is to end: `cancelled`, a callable or None, says so, a callback raised, Ctrl-C
  // was pressed, or the interpreter ends.
  bool IsCancelled(pybind11::handle cancelled);

  // With the lock.
  void Rethrow() {
    if (exception_ != nullptr) std::rethrow_exception(std::exchange(exception_, nullptr));
  }

 private:
  std::exception_ptr exception_;
};

}  // namespace sotto

#endif  // SOTTO_PYTHON_GIL_H_
