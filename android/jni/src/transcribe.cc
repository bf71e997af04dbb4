// Transcription of a recording. Every callback runs on the thread that called from Kotlin.

#include <algorithm>

#include "java.h"

using sotto::jni::Address;
using sotto::jni::Bytes;
using sotto::jni::Guarded;
using sotto::jni::Ints;
using sotto::jni::LocalFrame;
using sotto::jni::MakeWords;
using sotto::jni::methods;
using sotto::jni::Pointer;
using sotto::jni::Text;
using sotto::jni::Throw;
using sotto::jni::Words;

namespace {

// Samples that Kotlin is asked for at once: a second.
constexpr jsize kBlock = SOTTO_SAMPLE_RATE;

// What the callbacks get. Once Kotlin has thrown, the exception stays pending until the native call
// has returned, and Java is not called any more; `cancelled` ends the call.
struct Call {
  JNIEnv* env;
  jobject target;     // TranscribeCall
  jfloatArray block;  // [kBlock]: the samples that Kotlin gave last
  jsize held = 0;     // so many of them
  jsize given = 0;    // so many of which the library has

  bool thrown() const { return env->ExceptionCheck() == JNI_TRUE; }
  // CheckJNI wants every call of Java to be followed by this, though nothing is to be done here.
  void CheckThrown() const { static_cast<void>(thrown()); }
};

int64_t Read(void* user, float* out, size_t max) {
  auto* call = static_cast<Call*>(user);
  if (call->thrown()) return -1;
  if (call->given == call->held) {
    call->given = 0;
    call->held = call->env->CallIntMethod(call->target, methods().read, call->block);
    if (call->thrown() || call->held > kBlock) return -1;
    call->held = std::max(call->held, 0);
  }
  const jsize count =
      std::min(call->held - call->given, static_cast<jsize>(std::min<size_t>(max, kBlock)));
  call->env->GetFloatArrayRegion(call->block, call->given, count, out);
  call->given += count;
  return count;
}

bool Rewind(void* user) {
  auto* call = static_cast<Call*>(user);
  if (call->thrown()) return false;
  call->given = call->held = 0;
  call->env->CallVoidMethod(call->target, methods().rewind);
  return !call->thrown();
}

void OnSegment(const sotto_segment* segment, void* user) {
  const auto* call = static_cast<Call*>(user);
  JNIEnv* env = call->env;
  if (call->thrown()) return;
  Guarded(env, false, [&] {
    const LocalFrame frame(env, 8);
    if (!frame.ok()) return false;
    std::vector<const sotto_word*> timed(sotto_segment_word_count(segment));
    for (size_t i = 0; i < timed.size(); ++i) timed[i] = sotto_segment_word(segment, i);
    size_t count = 0;
    const int* tokens = sotto_segment_tokens(segment, &count);
    const jbyteArray text = Bytes(env, sotto_segment_text(segment));
    const jintArray ids = text == nullptr ? nullptr : Ints(env, tokens, count);
    Words words;
    if (ids == nullptr || !MakeWords(env, timed, &words)) return false;
    env->CallVoidMethod(call->target, methods().on_segment, sotto_segment_id(segment),
                        static_cast<jlong>(sotto_segment_seek(segment)),
                        sotto_segment_start(segment), sotto_segment_end(segment), text, ids,
                        sotto_segment_temperature(segment), sotto_segment_avg_logprob(segment),
                        sotto_segment_compression_ratio(segment),
                        sotto_segment_no_speech_prob(segment), words.texts, words.numbers);
    return !call->thrown();
  });
}

void OnLanguage(const char* language, void* user) {
  const auto* call = static_cast<Call*>(user);
  if (call->thrown()) return;
  const LocalFrame frame(call->env, 1);
  if (!frame.ok()) return;
  const jbyteArray code = Bytes(call->env, language);
  if (code == nullptr) return;
  call->env->CallVoidMethod(call->target, methods().on_language, code);
  call->CheckThrown();
}

void OnProgress(double done, double duration, void* user) {
  const auto* call = static_cast<Call*>(user);
  if (call->thrown()) return;
  call->env->CallVoidMethod(call->target, methods().on_progress, done, duration);
  call->CheckThrown();
}

bool Cancelled(void* user) {
  const auto* call = static_cast<Call*>(user);
  if (call->thrown()) return true;
  const jboolean is = call->env->CallBooleanMethod(call->target, methods().cancelled);
  return call->thrown() || is == JNI_TRUE;
}

void End(const Call& call, const sotto_transcription* result) {
  const jbyteArray text = Bytes(call.env, sotto_transcription_text(result));
  if (text == nullptr) return;
  const jbyteArray language = Bytes(call.env, sotto_transcription_language(result));
  if (language == nullptr) return;
  call.env->CallVoidMethod(call.target, methods().on_end, text, language,
                           sotto_transcription_duration(result));
  call.CheckThrown();
}

}  // namespace

extern "C" {

JNIEXPORT jlong JNICALL Java_org_sotto_Native_sessionNew(JNIEnv* env, jclass, jlong model) {
  sotto_error* error = nullptr;
  sotto_session* session = sotto_session_new(Pointer<sotto_speech_model>(model), &error);
  if (session == nullptr) Throw(env, error);
  return Address(session);
}

JNIEXPORT void JNICALL Java_org_sotto_Native_sessionFree(JNIEnv*, jclass, jlong session) {
  sotto_session_free(Pointer<sotto_session>(session));
}

// Gives everything to `target`, a TranscribeCall. A null text, NaN, and a null array stand for what
// sotto.h says; vad 0: none.
JNIEXPORT void JNICALL Java_org_sotto_Native_transcribe(
    JNIEnv* env, jclass, jlong session, jobject target, jbyteArray language, jbyteArray task,
    jbyteArray initial_prompt, jbyteArray hotwords, jboolean word_timestamps,
    jboolean without_timestamps, jboolean condition_on_previous_text, jint beam_size, jint best_of,
    jdouble patience, jdouble length_penalty, jdoubleArray temperatures,
    jdouble compression_ratio_threshold, jdouble logprob_threshold, jdouble no_speech_threshold,
    jlong seed, jint window, jlong vad) {
  Guarded(env, false, [&] {
    const Text texts[] = {{env, language}, {env, task}, {env, initial_prompt}, {env, hotwords}};
    std::vector<double> tried(static_cast<size_t>(env->GetArrayLength(temperatures)));
    env->GetDoubleArrayRegion(temperatures, 0, static_cast<jsize>(tried.size()), tried.data());
    Call call{env, target, env->NewFloatArray(kBlock), 0, 0};
    if (call.block == nullptr) return false;
    sotto_transcribe_options options;
    sotto_transcribe_options_init(&options);
    options.language = texts[0].c_str();
    options.task = texts[1].c_str();
    options.initial_prompt = texts[2].c_str();
    options.hotwords = texts[3].c_str();
    options.word_timestamps = word_timestamps == JNI_TRUE;
    options.without_timestamps = without_timestamps == JNI_TRUE;
    options.condition_on_previous_text = condition_on_previous_text == JNI_TRUE;
    options.beam_size = beam_size;
    options.best_of = best_of;
    options.patience = patience;
    options.length_penalty = length_penalty;
    options.temperatures = tried.data();
    options.temperature_count = tried.size();
    options.compression_ratio_threshold = compression_ratio_threshold;
    options.logprob_threshold = logprob_threshold;
    options.no_speech_threshold = no_speech_threshold;
    options.seed = static_cast<uint64_t>(seed);
    options.window = window;
    options.vad = Pointer<sotto_vad>(vad);
    options.user = &call;
    options.on_segment = OnSegment;
    options.on_language = OnLanguage;
    options.on_progress = OnProgress;
    options.cancelled = Cancelled;
    const sotto_audio_source source{sizeof(source), &call, Read, Rewind};
    sotto_error* error = nullptr;
    sotto_transcription* result =
        sotto_transcribe(Pointer<sotto_session>(session), &source, &options, &error);
    if (result == nullptr) {
      Throw(env, error);
      return false;
    }
    if (!call.thrown()) End(call, result);
    sotto_transcription_free(result);
    return true;
  });
}

// The language's code; its probability goes to probability[0].
JNIEXPORT jbyteArray JNICALL Java_org_sotto_Native_detectLanguage(JNIEnv* env, jclass,
                                                                  jlong session,
                                                                  jfloatArray samples,
                                                                  jfloatArray probability) {
  jfloat* values = env->GetFloatArrayElements(samples, nullptr);
  if (values == nullptr) return nullptr;
  char code[8] = {};
  float found = 0;
  sotto_error* error = nullptr;
  const bool ok = sotto_detect_language(Pointer<sotto_session>(session), values,
                                        static_cast<size_t>(env->GetArrayLength(samples)), code,
                                        &found, &error);
  env->ReleaseFloatArrayElements(samples, values, JNI_ABORT);
  if (!ok) {
    Throw(env, error);
    return nullptr;
  }
  env->SetFloatArrayRegion(probability, 0, 1, &found);
  return Bytes(env, code);
}

}  // extern "C"
