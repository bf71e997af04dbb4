#include "java.h"

namespace sotto::jni {
namespace {

JavaVM* g_vm = nullptr;
Methods g_methods;

jclass GlobalClass(JNIEnv* env, const char* name) {
  const jclass found = env->FindClass(name);
  if (found == nullptr) return nullptr;
  const auto kept = static_cast<jclass>(env->NewGlobalRef(found));
  env->DeleteLocalRef(found);
  return kept;
}

// False: an exception is pending, of the first that is missing.
bool FindMethods(JNIEnv* env) {
  Methods& m = g_methods;
  if ((m.native = GlobalClass(env, "org/sotto/Native")) == nullptr) return false;
  if ((m.out_of_memory = GlobalClass(env, "java/lang/OutOfMemoryError")) == nullptr) return false;
  if ((m.byte_array = GlobalClass(env, "[B")) == nullptr) return false;
  const jclass call = env->FindClass("org/sotto/TranscribeCall");
  if (call == nullptr) return false;
  const jclass stream = env->FindClass("org/sotto/StreamCall");
  if (stream == nullptr) return false;
  const struct {
    jmethodID* method;
    jclass in;
    const char* name;
    const char* signature;
  } wanted[] = {
      {&m.read, call, "read", "([F)I"},
      {&m.rewind, call, "rewind", "()V"},
      {&m.on_segment, call, "onSegment", "(IJDD[B[IDDDD[[B[D)V"},
      {&m.on_language, call, "onLanguage", "([B)V"},
      {&m.on_progress, call, "onProgress", "(DD)V"},
      {&m.on_end, call, "onEnd", "([B[BD)V"},
      {&m.cancelled, call, "cancelled", "()Z"},
      {&m.on_update, stream, "onUpdate", "([[B[D[[B[DID[B)V"},
      {&m.stream_cancelled, stream, "cancelled", "()Z"},
  };
  for (const auto& each : wanted) {
    *each.method = env->GetMethodID(each.in, each.name, each.signature);
    if (*each.method == nullptr) return false;
  }
  m.exception = env->GetStaticMethodID(m.native, "exception", "(I[B)Lorg/sotto/SottoException;");
  if (m.exception == nullptr) return false;
  m.log = env->GetStaticMethodID(m.native, "log", "(I[B)V");
  return m.log != nullptr;
}

}  // namespace

const Methods& methods() { return g_methods; }

JNIEnv* CurrentEnv() {
  void* env = nullptr;
  return g_vm->GetEnv(&env, JNI_VERSION_1_6) == JNI_OK ? static_cast<JNIEnv*>(env) : nullptr;
}

AttachedThread::AttachedThread() : env_(CurrentEnv()) {
  if (env_ != nullptr) return;
  // The JDK's and the NDK's headers differ in the type of this argument.
#ifdef __ANDROID__
  JNIEnv** out = &env_;
#else
  void** out = reinterpret_cast<void**>(&env_);
#endif
  attached_ = g_vm->AttachCurrentThreadAsDaemon(out, nullptr) == JNI_OK;
  if (!attached_) env_ = nullptr;
}

AttachedThread::~AttachedThread() {
  if (attached_) g_vm->DetachCurrentThread();
}

Text::Text(JNIEnv* env, jbyteArray bytes) {
  if (bytes == nullptr) return;
  const jsize length = env->GetArrayLength(bytes);
  text_.emplace(static_cast<size_t>(length), '\0');
  env->GetByteArrayRegion(bytes, 0, length, reinterpret_cast<jbyte*>(text_->data()));
}

jbyteArray Bytes(JNIEnv* env, const char* text) {
  const auto length = static_cast<jsize>(std::char_traits<char>::length(text));
  const jbyteArray bytes = env->NewByteArray(length);
  if (bytes != nullptr) {
    env->SetByteArrayRegion(bytes, 0, length, reinterpret_cast<const jbyte*>(text));
  }
  return bytes;
}

jintArray Ints(JNIEnv* env, const int* values, size_t count) {
  static_assert(sizeof(int) == sizeof(jint));
  const jintArray array = env->NewIntArray(static_cast<jsize>(count));
  if (array != nullptr && count > 0) {
    env->SetIntArrayRegion(array, 0, static_cast<jsize>(count), values);
  }
  return array;
}

bool MakeWords(JNIEnv* env, const std::vector<const sotto_word*>& from, Words* words) {
  const auto count = static_cast<jsize>(from.size());
  std::vector<double> numbers;
  words->texts = env->NewObjectArray(count, methods().byte_array, nullptr);
  if (words->texts == nullptr) return false;
  for (jsize i = 0; i < count; ++i) {
    const sotto_word* word = from[static_cast<size_t>(i)];
    const jbyteArray text = Bytes(env, sotto_word_text(word));
    if (text == nullptr) return false;
    env->SetObjectArrayElement(words->texts, i, text);
    env->DeleteLocalRef(text);
    numbers.insert(numbers.end(),
                   {sotto_word_start(word), sotto_word_end(word), sotto_word_probability(word)});
  }
  words->numbers = env->NewDoubleArray(3 * count);
  if (words->numbers == nullptr) return false;
  env->SetDoubleArrayRegion(words->numbers, 0, 3 * count, numbers.data());
  return true;
}

void Throw(JNIEnv* env, sotto_error* error) {
  // What a callback threw is the cause of the error, and says more.
  if (!env->ExceptionCheck()) {
    const jbyteArray message = Bytes(env, sotto_error_get_message(error));
    if (message != nullptr) {
      const jobject exception =
          env->CallStaticObjectMethod(methods().native, methods().exception,
                                      static_cast<jint>(sotto_error_get_code(error)), message);
      if (!env->ExceptionCheck()) env->Throw(static_cast<jthrowable>(exception));
    }
  }
  sotto_error_free(error);
}

}  // namespace sotto::jni

extern "C" {

JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void*) {
  sotto::jni::g_vm = vm;
  JNIEnv* env = sotto::jni::CurrentEnv();
  if (env == nullptr || !sotto::jni::FindMethods(env)) return JNI_ERR;
  return JNI_VERSION_1_6;
}

JNIEXPORT void JNICALL JNI_OnUnload(JavaVM*, void*) { sotto_set_log(nullptr, nullptr); }

}  // extern "C"
