// Voice activity: probabilities of speech, and the spans that follow from them.

#include "java.h"

using sotto::jni::Address;
using sotto::jni::Guarded;
using sotto::jni::Pointer;
using sotto::jni::Throw;

extern "C" {

JNIEXPORT jlong JNICALL Java_org_sotto_Native_vadStreamNew(JNIEnv* env, jclass, jlong vad) {
  sotto_error* error = nullptr;
  sotto_vad_stream* stream = sotto_vad_stream_new(Pointer<sotto_vad>(vad), &error);
  if (stream == nullptr) Throw(env, error);
  return Address(stream);
}

JNIEXPORT void JNICALL Java_org_sotto_Native_vadStreamFree(JNIEnv*, jclass, jlong stream) {
  sotto_vad_stream_free(Pointer<sotto_vad_stream>(stream));
}

// float[]: the probability of each chunk that is complete.
JNIEXPORT jfloatArray JNICALL Java_org_sotto_Native_vadStreamPush(JNIEnv* env, jclass, jlong stream,
                                                                  jfloatArray samples) {
  return Guarded(env, jfloatArray{nullptr}, [&]() -> jfloatArray {
    const auto count = static_cast<size_t>(env->GetArrayLength(samples));
    std::vector<float> found((count + SOTTO_VAD_CHUNK - 1) / SOTTO_VAD_CHUNK);
    jfloat* values = env->GetFloatArrayElements(samples, nullptr);
    if (values == nullptr) return nullptr;
    size_t written = 0;
    sotto_error* error = nullptr;
    const bool ok = sotto_vad_stream_push(Pointer<sotto_vad_stream>(stream), values, count,
                                          found.data(), &written, &error);
    env->ReleaseFloatArrayElements(samples, values, JNI_ABORT);
    if (!ok) {
      Throw(env, error);
      return nullptr;
    }
    const jfloatArray array = env->NewFloatArray(static_cast<jsize>(written));
    if (array != nullptr) {
      env->SetFloatArrayRegion(array, 0, static_cast<jsize>(written), found.data());
    }
    return array;
  });
}

// long[]: start and end of each span, in samples.
JNIEXPORT jlongArray JNICALL Java_org_sotto_Native_speechSpans(
    JNIEnv* env, jclass, jfloatArray probabilities, jlong samples, jdouble threshold,
    jdouble neg_threshold, jint min_speech_duration_ms, jdouble max_speech_duration_s,
    jint min_silence_duration_ms, jint speech_pad_ms) {
  return Guarded(env, jlongArray{nullptr}, [&]() -> jlongArray {
    std::vector<float> given(static_cast<size_t>(env->GetArrayLength(probabilities)));
    env->GetFloatArrayRegion(probabilities, 0, static_cast<jsize>(given.size()), given.data());
    sotto_vad_options options;
    sotto_vad_options_init(&options);
    options.threshold = threshold;
    options.neg_threshold = neg_threshold;
    options.min_speech_duration_ms = min_speech_duration_ms;
    options.max_speech_duration_s = max_speech_duration_s;
    options.min_silence_duration_ms = min_silence_duration_ms;
    options.speech_pad_ms = speech_pad_ms;
    std::vector<sotto_span> spans(given.size());
    size_t written = 0;
    sotto_error* error = nullptr;
    if (!sotto_speech_spans(given.data(), given.size(), samples, &options, spans.data(), &written,
                            &error)) {
      Throw(env, error);
      return nullptr;
    }
    std::vector<jlong> ends;
    for (size_t i = 0; i < written; ++i) ends.insert(ends.end(), {spans[i].start, spans[i].end});
    const jlongArray array = env->NewLongArray(static_cast<jsize>(ends.size()));
    if (array != nullptr) {
      env->SetLongArrayRegion(array, 0, static_cast<jsize>(ends.size()), ends.data());
    }
    return array;
  });
}

}  // extern "C"
