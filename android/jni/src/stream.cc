// Speech to text while it is spoken.

#include <memory>

#include "java.h"

using sotto::jni::Address;
using sotto::jni::Bytes;
using sotto::jni::CurrentEnv;
using sotto::jni::Guarded;
using sotto::jni::MakeWords;
using sotto::jni::methods;
using sotto::jni::Pointer;
using sotto::jni::Text;
using sotto::jni::Throw;
using sotto::jni::Words;

namespace {

struct Stream {
  sotto_stream* stream = nullptr;
  jobject target = nullptr;  // StreamCall, a global reference
};

// On the thread that pushes or finishes, which is Kotlin's.
bool Cancelled(void* user) {
  JNIEnv* env = CurrentEnv();
  if (env == nullptr || env->ExceptionCheck()) return true;
  const jboolean is =
      env->CallBooleanMethod(static_cast<Stream*>(user)->target, methods().stream_cancelled);
  return env->ExceptionCheck() || is == JNI_TRUE;
}

void Free(JNIEnv* env, Stream* stream) {
  sotto_stream_free(stream->stream);
  env->DeleteGlobalRef(stream->target);
  delete stream;
}

using Count = size_t (*)(const sotto_stream_update*);
using At = const sotto_word* (*)(const sotto_stream_update*, size_t);

std::vector<const sotto_word*> WordsOf(const sotto_stream_update* update, Count count, At at) {
  std::vector<const sotto_word*> words(count(update));
  for (size_t i = 0; i < words.size(); ++i) words[i] = at(update, i);
  return words;
}

// Gives the update to Kotlin, or throws the error, and frees it.
void Give(JNIEnv* env, const Stream& stream, sotto_stream_update* update, sotto_error* error) {
  if (update == nullptr) {
    Throw(env, error);
    return;
  }
  Guarded(env, false, [&] {
    Words confirmed;
    Words tentative;
    if (!MakeWords(
            env,
            WordsOf(update, sotto_stream_update_confirmed_count, sotto_stream_update_confirmed),
            &confirmed) ||
        !MakeWords(
            env,
            WordsOf(update, sotto_stream_update_tentative_count, sotto_stream_update_tentative),
            &tentative)) {
      return false;
    }
    const jbyteArray language = Bytes(env, sotto_stream_update_language(update));
    if (language == nullptr) return false;
    env->CallVoidMethod(stream.target, methods().on_update, confirmed.texts, confirmed.numbers,
                        tentative.texts, tentative.numbers, sotto_stream_update_utterances(update),
                        sotto_stream_update_position(update), language);
    return env->ExceptionCheck() == JNI_FALSE;
  });
  sotto_stream_update_free(update);
}

}  // namespace

extern "C" {

// target: a StreamCall, which gets the updates. vad 0: none.
JNIEXPORT jlong JNICALL Java_org_sotto_Native_streamNew(JNIEnv* env, jclass, jlong model, jlong vad,
                                                        jobject target, jbyteArray language,
                                                        jbyteArray task, jbyteArray initial_prompt,
                                                        jdouble step, jdouble max_buffer,
                                                        jint agreement, jdouble endpoint_silence) {
  return Guarded(env, jlong{0}, [&] {
    const Text texts[] = {{env, language}, {env, task}, {env, initial_prompt}};
    auto stream = std::make_unique<Stream>();
    sotto_stream_options options;
    sotto_stream_options_init(&options);
    options.language = texts[0].c_str();
    options.task = texts[1].c_str();
    options.initial_prompt = texts[2].c_str();
    options.step = step;
    options.max_buffer = max_buffer;
    options.agreement = agreement;
    options.endpoint_silence = endpoint_silence;
    options.user = stream.get();
    options.cancelled = Cancelled;
    stream->target = env->NewGlobalRef(target);
    if (stream->target == nullptr) return jlong{0};
    sotto_error* error = nullptr;
    stream->stream = sotto_stream_new(Pointer<sotto_speech_model>(model), Pointer<sotto_vad>(vad),
                                      &options, &error);
    if (stream->stream == nullptr) {
      Free(env, stream.release());
      Throw(env, error);
      return jlong{0};
    }
    return Address(stream.release());
  });
}

JNIEXPORT void JNICALL Java_org_sotto_Native_streamFree(JNIEnv* env, jclass, jlong stream) {
  Free(env, Pointer<Stream>(stream));
}

JNIEXPORT void JNICALL Java_org_sotto_Native_streamPush(JNIEnv* env, jclass, jlong handle,
                                                        jfloatArray samples) {
  const auto* stream = Pointer<Stream>(handle);
  jfloat* values = env->GetFloatArrayElements(samples, nullptr);
  if (values == nullptr) return;
  sotto_error* error = nullptr;
  sotto_stream_update* update = sotto_stream_push(
      stream->stream, values, static_cast<size_t>(env->GetArrayLength(samples)), &error);
  env->ReleaseFloatArrayElements(samples, values, JNI_ABORT);
  Give(env, *stream, update, error);
}

JNIEXPORT void JNICALL Java_org_sotto_Native_streamFinish(JNIEnv* env, jclass, jlong handle) {
  const auto* stream = Pointer<Stream>(handle);
  sotto_error* error = nullptr;
  sotto_stream_update* update = sotto_stream_finish(stream->stream, &error);
  Give(env, *stream, update, error);
}

}  // extern "C"
