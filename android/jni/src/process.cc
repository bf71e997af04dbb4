// What is the whole process's: messages, and WAV files.

#include "java.h"

using sotto::jni::AttachedThread;
using sotto::jni::Bytes;
using sotto::jni::methods;
using sotto::jni::Text;
using sotto::jni::Throw;

namespace {

// On any thread, the runtime's own among them, and at any time: in a call whose callback has
// thrown, too. A log that throws must not end what it tells of.
void Log(sotto_log_level level, const char* message, void*) {
  const AttachedThread thread;
  JNIEnv* env = thread.env();
  if (env == nullptr) return;
  const jthrowable pending = env->ExceptionOccurred();
  if (pending != nullptr) env->ExceptionClear();
  const jbyteArray bytes = Bytes(env, message);
  if (bytes != nullptr) {
    env->CallStaticVoidMethod(methods().native, methods().log, static_cast<jint>(level), bytes);
  }
  if (env->ExceptionCheck()) env->ExceptionClear();
  if (bytes != nullptr) env->DeleteLocalRef(bytes);
  if (pending != nullptr) {
    env->Throw(pending);
    env->DeleteLocalRef(pending);
  }
}

}  // namespace

extern "C" {

JNIEXPORT void JNICALL Java_org_sotto_Native_setLog(JNIEnv*, jclass, jboolean on) {
  sotto_set_log(on == JNI_TRUE ? Log : nullptr, nullptr);
}

// float[]: 16 kHz, mono.
JNIEXPORT jfloatArray JNICALL Java_org_sotto_Native_readWav(JNIEnv* env, jclass, jbyteArray path) {
  float* samples = nullptr;
  size_t count = 0;
  sotto_error* error = nullptr;
  const bool ok = sotto::jni::Guarded(env, false, [&] {
    return sotto_read_wav(Text(env, path).c_str(), &samples, &count, &error);
  });
  if (!ok) {
    if (error != nullptr) Throw(env, error);
    return nullptr;
  }
  const jfloatArray array = env->NewFloatArray(static_cast<jsize>(count));
  if (array != nullptr) {
    env->SetFloatArrayRegion(array, 0, static_cast<jsize>(count), samples);
  }
  sotto_free(samples);
  return array;
}

}  // extern "C"
