// What all of the JNI functions share: text as UTF-8 bytes, errors as Kotlin's exceptions, and the
// methods of Kotlin's that are called from here.
//
// Handles are passed to Kotlin as jlong. Kotlin counts who uses one, and frees it after the last.

#ifndef SOTTO_JNI_JAVA_H_
#define SOTTO_JNI_JAVA_H_

#include <jni.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <vector>

#include "sotto.h"

namespace sotto::jni {

// Methods of org.sotto's classes, found once, when the library is loaded.
struct Methods {
  jclass native;               // a global reference, as the others of classes
  jclass out_of_memory;        // java.lang.OutOfMemoryError
  jclass byte_array;           // byte[]
  jmethodID exception;         // static Native.exception(int, byte[]): SottoException
  jmethodID log;               // static Native.log(int, byte[])
  jmethodID read;              // TranscribeCall.read(float[]): int
  jmethodID rewind;            // TranscribeCall.rewind()
  jmethodID on_segment;        // TranscribeCall.onSegment(…)
  jmethodID on_language;       // TranscribeCall.onLanguage(byte[])
  jmethodID on_progress;       // TranscribeCall.onProgress(double, double)
  jmethodID on_end;            // TranscribeCall.onEnd(byte[], byte[], double)
  jmethodID cancelled;         // TranscribeCall.cancelled(): boolean
  jmethodID on_update;         // StreamCall.onUpdate(…)
  jmethodID stream_cancelled;  // StreamCall.cancelled(): boolean
};
const Methods& methods();

// The environment of a thread that Java knows; nullptr on another.
JNIEnv* CurrentEnv();

// Makes a thread known to Java for as long as this lasts, if it is not already.
class AttachedThread {
 public:
  AttachedThread();
  ~AttachedThread();
  AttachedThread(const AttachedThread&) = delete;
  AttachedThread& operator=(const AttachedThread&) = delete;

  JNIEnv* env() const { return env_; }  // nullptr if Java refused

 private:
  JNIEnv* env_;
  bool attached_ = false;
};

// Frees the local references of a callback, of which one call to Kotlin makes thousands.
class LocalFrame {
 public:
  LocalFrame(JNIEnv* env, jint capacity) : env_(env), ok_(env->PushLocalFrame(capacity) == 0) {}
  ~LocalFrame() {
    if (ok_) env_->PopLocalFrame(nullptr);
  }
  LocalFrame(const LocalFrame&) = delete;
  LocalFrame& operator=(const LocalFrame&) = delete;

  bool ok() const { return ok_; }  // false: an exception is pending

 private:
  JNIEnv* env_;
  bool ok_;
};

// UTF-8 that Kotlin gave as bytes; nullptr where it gave null.
class Text {
 public:
  Text(JNIEnv* env, jbyteArray bytes);
  const char* c_str() const { return text_ ? text_->c_str() : nullptr; }

 private:
  std::optional<std::string> text_;
};

// Java's byte[] and int[] of the values; nullptr with an exception pending where memory ran out.
jbyteArray Bytes(JNIEnv* env, const char* text);
jintArray Ints(JNIEnv* env, const int* values, size_t count);

// Words as three numbers each (start, end, probability) and a text each.
struct Words {
  jobjectArray texts = nullptr;  // byte[][]
  jdoubleArray numbers = nullptr;
};
// False: an exception is pending.
bool MakeWords(JNIEnv* env, const std::vector<const sotto_word*>& from, Words* words);

// Throws Kotlin's exception of the error's code, and frees the error.
void Throw(JNIEnv* env, sotto_error* error);

// The value of `call`, or `otherwise` with Java's OutOfMemoryError where memory ran out: nothing of
// C++ is thrown into Java.
template <typename Value, typename Call>
Value Guarded(JNIEnv* env, Value otherwise, const Call& call) noexcept {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    if (!env->ExceptionCheck()) env->ThrowNew(methods().out_of_memory, "out of memory");
    return otherwise;
  }
}

template <typename T>
T* Pointer(jlong handle) {
  return reinterpret_cast<T*>(static_cast<intptr_t>(handle));
}

template <typename T>
jlong Address(T* pointer) {
  return static_cast<jlong>(reinterpret_cast<intptr_t>(pointer));
}

}  // namespace sotto::jni

#endif  // SOTTO_JNI_JAVA_H_
