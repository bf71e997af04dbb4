/* Sotto's C interface: speech to text, streams, voice activity, and vectors of texts and pictures.
 *
 * Conventions
 *   - Handles are opaque. What a function returns as `T*` is the caller's, who frees it with the
 *     function named beside the type; what it returns as `const T*` belongs to the handle that it
 *     came from, and lasts as long as that.
 *   - Text is UTF-8 and ends with a zero byte.
 *   - A function that can fail has `sotto_error** error` as its last parameter, and returns NULL or
 *     false where it fails. Where `error` is not NULL it then points to an error, which the caller
 *     frees with sotto_error_free; where nothing failed it is left as it was.
 *   - Option structs begin with their size, which their _init function sets beside the defaults, so
 *     that a program which was compiled for an older header goes on working: call _init, then set
 *     what differs. A string that is NULL stands for the default.
 *   - Models may be used from any number of threads at once. A session, a stream and a VAD stream
 *     take one call at a time: a second one is an error (SOTTO_ERROR_OPTION), and not a wait.
 *   - Nothing here throws, exits or aborts; callbacks must not throw, either.
 *
 * Samples are float, 16,000 a second, mono, nominally -1 to 1. Times are seconds. */

#ifndef SOTTO_H_
#define SOTTO_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && defined(SOTTO_SHARED)
#ifdef SOTTO_BUILDING
#define SOTTO_API __declspec(dllexport)
#else
#define SOTTO_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define SOTTO_API __attribute__((visibility("default")))
#else
#define SOTTO_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Samples a second of all audio. */
#define SOTTO_SAMPLE_RATE 16000

/* "0.1.0": the library's version, which may be newer than this header's. */
SOTTO_API const char* sotto_version(void);

/* ---- Errors ------------------------------------------------------------------------------- */

typedef enum sotto_error_code {
  SOTTO_ERROR_AUDIO = 1,     /* the input is not audio, empty, or not finite */
  SOTTO_ERROR_BUNDLE = 2,    /* the bundle is missing, incomplete, damaged, or of another schema */
  SOTTO_ERROR_MODEL = 3,     /* a graph can't be loaded or run */
  SOTTO_ERROR_OPTION = 4,    /* an option or argument is out of range */
  SOTTO_ERROR_DEVICE = 5,    /* LiteRT's library or an accelerator is missing or too old */
  SOTTO_ERROR_OUTPUT = 6,    /* a result can't be written */
  SOTTO_ERROR_CANCELLED = 7, /* the caller cancelled */
  SOTTO_ERROR_IMAGE = 8,     /* the input is no picture that the model takes */
  SOTTO_ERROR_MEMORY = 9     /* memory ran out */
} sotto_error_code;

typedef struct sotto_error sotto_error;

SOTTO_API sotto_error_code sotto_error_get_code(const sotto_error* error);

/* What was wrong with what, what was expected, and what to do. */
SOTTO_API const char* sotto_error_get_message(const sotto_error* error);

/* Takes NULL, too. */
SOTTO_API void sotto_error_free(sotto_error* error);

/* ---- Log ---------------------------------------------------------------------------------- */

typedef enum sotto_log_level {
  SOTTO_LOG_WARNING = 1, /* something is not as it was asked for, such as the CPU for the NPU */
  SOTTO_LOG_INFO = 2     /* what a maintainer wants to know, such as a cache that was made anew */
} sotto_log_level;

/* Called on whichever thread has something to say, which may be several at once. */
typedef void (*sotto_log_callback)(sotto_log_level level, const char* message, void* user);

/* Where the library's messages go, for the whole process; NULL: nowhere, which is the default.
 * When this returns, the callback before it is not running any more, and is not called again. It
 * must not be called from a callback of its own. */
SOTTO_API void sotto_set_log(sotto_log_callback callback, void* user);

/* ---- Bundles ------------------------------------------------------------------------------ */

/* Where a bundle's files come from. They are opened once: what is done to the directory later
 * makes no difference to models that were made of them. */
typedef struct sotto_bundle sotto_bundle;

/* path: a directory, or a single file as `sotto bundle pack` writes it. */
SOTTO_API sotto_bundle* sotto_bundle_open(const char* path, sotto_error** error);

/* One file of a bundle in an open descriptor, such as an Android asset. */
typedef struct sotto_file_range {
  const char* name; /* in the bundle: "encoder.tflite" */
  int descriptor;   /* stays the caller's, who may close it once the model is loaded */
  uint64_t offset;  /* of its first byte */
  uint64_t length;  /* in bytes */
} sotto_file_range;

/* files: [count]. label: what messages call the bundle. */
SOTTO_API sotto_bundle* sotto_bundle_from_descriptors(const char* label,
                                                      const sotto_file_range* files, size_t count,
                                                      sotto_error** error);

/* Models that were loaded from it stay as they are. Takes NULL, too. */
SOTTO_API void sotto_bundle_free(sotto_bundle* bundle);

/* ---- Loading ------------------------------------------------------------------------------ */

typedef struct sotto_load_options {
  size_t size;
  int threads;        /* of the CPU, a session; 0: as many as there are big cores, 4 at most */
  bool verify;        /* check the sha256 of the bundle's files; true */
  const char* litert; /* libLiteRt.so; NULL: $SOTTO_LITERT, then the system's */
  const char* weight_cache; /* a directory that keeps packed weights for the next start; NULL: the
                               user's cache ($SOTTO_WEIGHT_CACHE says where); "": nowhere */
  const char* accelerator;  /* "cpu" (NULL), "npu", or "auto": the NPU where there is one */
  const char* soc;          /* whose compiled files to take, "mt6991"; NULL: this machine's */
  const char* dispatch;     /* the folder of LiteRT's dispatch library; NULL: $SOTTO_DISPATCH */
} sotto_load_options;

SOTTO_API void sotto_load_options_init(sotto_load_options* options);

/* ---- Speech to text ----------------------------------------------------------------------- */

/* A bundle's weights and tables. Free: sotto_speech_model_free. */
typedef struct sotto_speech_model sotto_speech_model;

/* options: NULL for the defaults. */
SOTTO_API sotto_speech_model* sotto_speech_model_load(const sotto_bundle* bundle,
                                                      const sotto_load_options* options,
                                                      sotto_error** error);

/* Sessions and streams of it go on working, and keep the weights. Takes NULL, too. */
SOTTO_API void sotto_speech_model_free(sotto_speech_model* model);

/* "base" */
SOTTO_API const char* sotto_speech_model_name(const sotto_speech_model* model);

/* "cpu" or "npu": what the graphs run on. */
SOTTO_API const char* sotto_speech_model_accelerator(const sotto_speech_model* model);

/* Whether it knows more languages than English. */
SOTTO_API bool sotto_speech_model_multilingual(const sotto_speech_model* model);

/* A detector of speech (Silero's): which parts of audio hold speech. Free: sotto_vad_free. */
typedef struct sotto_vad sotto_vad;

SOTTO_API sotto_vad* sotto_vad_load(const sotto_bundle* bundle, const sotto_load_options* options,
                                    sotto_error** error);
SOTTO_API void sotto_vad_free(sotto_vad* vad);

/* Buffers for one transcription at a time over a model's weights. Free: sotto_session_free. */
typedef struct sotto_session sotto_session;

SOTTO_API sotto_session* sotto_session_new(const sotto_speech_model* model, sotto_error** error);

/* No call of it may be running. Takes NULL, too. */
SOTTO_API void sotto_session_free(sotto_session* session);

/* From any thread: the call that is running, if there is one, fails with SOTTO_ERROR_CANCELLED once
 * the graph that runs is done. */
SOTTO_API void sotto_session_cancel(sotto_session* session);

/* Where samples come from. They are read twice: first for the loudest value, then to be
 * transcribed, so that memory does not grow with the audio. */
typedef struct sotto_audio_source {
  size_t size; /* sizeof(sotto_audio_source) */
  void* user;
  /* Writes up to `max` samples to `out` and returns how many; 0 at the end, negative if it failed,
   * which ends the call with SOTTO_ERROR_AUDIO. */
  int64_t (*read)(void* user, float* out, size_t max);
  /* Starts again from the first sample; false if it failed. */
  bool (*rewind)(void* user);
} sotto_audio_source;

typedef struct sotto_segment sotto_segment;

/* Names, meanings and defaults are openai-whisper's; a number that is NaN is not set. */
typedef struct sotto_transcribe_options {
  size_t size;
  const char* language;            /* a code such as "en"; NULL: detect it */
  const char* task;                /* "transcribe" (NULL), or "translate": into English */
  const char* initial_prompt;      /* text before the first window: names, terms, a style */
  const char* hotwords;            /* words put before every window */
  bool word_timestamps;            /* time each word; false */
  bool without_timestamps;         /* text alone: a window is a segment; false */
  bool condition_on_previous_text; /* a window's prompt is the text before it; true */
  int beam_size;                   /* at temperature 0; 0: greedy */
  int best_of;                     /* samples drawn above temperature 0; 0: 1 */
  double patience;                 /* of beam search; NaN: 1 */
  double length_penalty;           /* 0 to 1; NaN: divide by the length */
  const double* temperatures;      /* tried in turn while a window fails; NULL: 0, 0.2, … 1 */
  size_t temperature_count;
  double compression_ratio_threshold; /* above: too repetitive; 2.4 */
  double logprob_threshold;           /* average below: too unsure; -1 */
  double no_speech_threshold;         /* above: silence; 0.6 */
  uint64_t seed;                      /* of sampling above temperature 0 */
  int window;           /* seconds of one of the bundle's; 0: the shortest that fits */
  const sotto_vad* vad; /* leave out what holds no speech; NULL: decode all */
  /* Callbacks run on the calling thread. Each may be NULL; `user` is passed to all of them. */
  void* user;
  void (*on_segment)(const sotto_segment* segment, void* user);  /* valid during the call */
  void (*on_language)(const char* language, void* user);         /* once it was detected */
  void (*on_progress)(double done, double duration, void* user); /* seconds of audio */
  bool (*cancelled)(void* user); /* asked before every graph run; true ends the call */
} sotto_transcribe_options;

SOTTO_API void sotto_transcribe_options_init(sotto_transcribe_options* options);

/* What was said. Free: sotto_transcription_free. */
typedef struct sotto_transcription sotto_transcription;

/* source: any length. options: NULL for the defaults. */
SOTTO_API sotto_transcription* sotto_transcribe(sotto_session* session,
                                                const sotto_audio_source* source,
                                                const sotto_transcribe_options* options,
                                                sotto_error** error);

/* The same of samples in memory, [count]. */
SOTTO_API sotto_transcription* sotto_transcribe_samples(sotto_session* session,
                                                        const float* samples, size_t count,
                                                        const sotto_transcribe_options* options,
                                                        sotto_error** error);

SOTTO_API void sotto_transcription_free(sotto_transcription* transcription);

/* All of the text, as openai-whisper joins it. */
SOTTO_API const char* sotto_transcription_text(const sotto_transcription* transcription);

/* Its code, as given or detected. */
SOTTO_API const char* sotto_transcription_language(const sotto_transcription* transcription);

/* Seconds of audio. */
SOTTO_API double sotto_transcription_duration(const sotto_transcription* transcription);

SOTTO_API size_t sotto_transcription_segment_count(const sotto_transcription* transcription);

/* NULL if there is none of that index. */
SOTTO_API const sotto_segment* sotto_transcription_segment(const sotto_transcription* transcription,
                                                           size_t index);

/* 0, 1, … */
SOTTO_API int sotto_segment_id(const sotto_segment* segment);

/* The log-mel frame (10 ms) at which its window begins. */
SOTTO_API int64_t sotto_segment_seek(const sotto_segment* segment);

SOTTO_API double sotto_segment_start(const sotto_segment* segment);
SOTTO_API double sotto_segment_end(const sotto_segment* segment);
SOTTO_API const char* sotto_segment_text(const sotto_segment* segment);

/* Of its window: the temperature that it was decoded at, and what the thresholds are compared with.
 */
SOTTO_API double sotto_segment_temperature(const sotto_segment* segment);
SOTTO_API double sotto_segment_avg_logprob(const sotto_segment* segment);
SOTTO_API double sotto_segment_compression_ratio(const sotto_segment* segment);
SOTTO_API double sotto_segment_no_speech_prob(const sotto_segment* segment);

/* Token ids, timestamps among them: [*count]. */
SOTTO_API const int* sotto_segment_tokens(const sotto_segment* segment, size_t* count);

typedef struct sotto_word sotto_word;

/* 0 unless word_timestamps was set. */
SOTTO_API size_t sotto_segment_word_count(const sotto_segment* segment);
SOTTO_API const sotto_word* sotto_segment_word(const sotto_segment* segment, size_t index);
SOTTO_API double sotto_word_start(const sotto_word* word);
SOTTO_API double sotto_word_end(const sotto_word* word);
SOTTO_API double sotto_word_probability(const sotto_word* word);

/* With its leading space and punctuation. */
SOTTO_API const char* sotto_word_text(const sotto_word* word);

/* The language of the beginning of `samples` [count], as much as the longest window holds. Writes
 * its code to `code`, and its probability to `probability` where that is not NULL. "en" with
 * probability 1 for a model of English alone. */
SOTTO_API bool sotto_detect_language(sotto_session* session, const float* samples, size_t count,
                                     char code[8], float* probability, sotto_error** error);

/* ---- Speech to text while it is spoken ----------------------------------------------------- */

typedef struct sotto_stream_options {
  size_t size;
  const char* language;       /* NULL: detect it, then keep it */
  const char* task;           /* "transcribe" (NULL) or "translate" */
  const char* initial_prompt; /* before anything is confirmed */
  double step;                /* seconds of audio between decodings; 0.5 */
  double max_buffer;          /* seconds held and decoded at once, 4 to 29; 9 */
  int agreement;              /* decodings that must agree on a word, 1 to 5; 2 */
  double endpoint_silence;    /* seconds without speech that end an utterance; 0.5 */
  void* user;
  bool (*cancelled)(void* user); /* asked before every graph run; NULL: never */
} sotto_stream_options;

SOTTO_API void sotto_stream_options_init(sotto_stream_options* options);

/* Free: sotto_stream_free. */
typedef struct sotto_stream sotto_stream;

/* vad: NULL: silence is decoded like speech. */
SOTTO_API sotto_stream* sotto_stream_new(const sotto_speech_model* model, const sotto_vad* vad,
                                         const sotto_stream_options* options, sotto_error** error);
SOTTO_API void sotto_stream_free(sotto_stream* stream);

/* What a call brought. Free: sotto_stream_update_free. */
typedef struct sotto_stream_update sotto_stream_update;

/* samples: [count], any count. */
SOTTO_API sotto_stream_update* sotto_stream_push(sotto_stream* stream, const float* samples,
                                                 size_t count, sotto_error** error);

/* Decodes and confirms what is left; nothing can be pushed afterwards. */
SOTTO_API sotto_stream_update* sotto_stream_finish(sotto_stream* stream, sotto_error** error);

SOTTO_API void sotto_stream_update_free(sotto_stream_update* update);

/* New words, which never change nor come again. */
SOTTO_API size_t sotto_stream_update_confirmed_count(const sotto_stream_update* update);
SOTTO_API const sotto_word* sotto_stream_update_confirmed(const sotto_stream_update* update,
                                                          size_t index);

/* All words past the confirmed ones, which the next update replaces. */
SOTTO_API size_t sotto_stream_update_tentative_count(const sotto_stream_update* update);
SOTTO_API const sotto_word* sotto_stream_update_tentative(const sotto_stream_update* update,
                                                          size_t index);

/* Utterances that have ended so far, and seconds pushed so far. */
SOTTO_API int sotto_stream_update_utterances(const sotto_stream_update* update);
SOTTO_API double sotto_stream_update_position(const sotto_stream_update* update);

/* "" before the first words. */
SOTTO_API const char* sotto_stream_update_language(const sotto_stream_update* update);

/* ---- Voice activity ------------------------------------------------------------------------ */

/* Samples that one probability is for: 32 ms. */
#define SOTTO_VAD_CHUNK 512

/* What was heard of one stream of audio. Free: sotto_vad_stream_free. */
typedef struct sotto_vad_stream sotto_vad_stream;

SOTTO_API sotto_vad_stream* sotto_vad_stream_new(const sotto_vad* vad, sotto_error** error);
SOTTO_API void sotto_vad_stream_free(sotto_vad_stream* stream);

/* Takes samples [count]. Writes the probability of speech of every chunk that is complete to
 * `probabilities`, which has room for (count + SOTTO_VAD_CHUNK - 1) / SOTTO_VAD_CHUNK, and how many
 * to `written`. */
SOTTO_API bool sotto_vad_stream_push(sotto_vad_stream* stream, const float* samples, size_t count,
                                     float* probabilities, size_t* written, sotto_error** error);

/* Which parts of audio are speech; names and defaults are those of faster-whisper's VadOptions. */
typedef struct sotto_vad_options {
  size_t size;
  double threshold;             /* probability from which audio is speech; 0.5 */
  double neg_threshold;         /* probability below which speech ends; -1: 0.15 less */
  int min_speech_duration_ms;   /* shorter speech is dropped; 0 */
  double max_speech_duration_s; /* longer speech is cut at a silence; infinity */
  int min_silence_duration_ms;  /* shorter silence does not end speech; 2000 */
  int speech_pad_ms;            /* kept before and after speech; 400 */
} sotto_vad_options;

SOTTO_API void sotto_vad_options_init(sotto_vad_options* options);

/* Samples of audio, `end` excluded. */
typedef struct sotto_span {
  int64_t start;
  int64_t end;
} sotto_span;

/* Where there is speech in audio of `samples` samples, from the probability of each of its chunks
 * [count], the last one included though it is not full. options: NULL for the defaults. Writes the
 * spans, which ascend, to `spans`, which has room for `count`, and how many to `written`. */
SOTTO_API bool sotto_speech_spans(const float* probabilities, size_t count, int64_t samples,
                                  const sotto_vad_options* options, sotto_span* spans,
                                  size_t* written, sotto_error** error);

/* ---- Vectors ------------------------------------------------------------------------------- */

/* A bundle that embeds. Any number of threads. Free: sotto_encoder_free. */
typedef struct sotto_encoder sotto_encoder;

SOTTO_API sotto_encoder* sotto_encoder_load(const sotto_bundle* bundle,
                                            const sotto_load_options* options, sotto_error** error);
SOTTO_API void sotto_encoder_free(sotto_encoder* encoder);

/* "cpu" or "npu": what the graphs run on. */
SOTTO_API const char* sotto_encoder_accelerator(const sotto_encoder* encoder);

/* Floats of a vector. */
SOTTO_API size_t sotto_encoder_dimensions(const sotto_encoder* encoder);

/* Whether it has an encoder of "text", "image" or "audio". */
SOTTO_API bool sotto_encoder_has(const sotto_encoder* encoder, const char* modality);

/* texts: [count]. prompt: the name of one of the model's, such as "query"; NULL: the model's
 * default. normalize: make vectors of length 1. out: [count, dimensions]. */
SOTTO_API bool sotto_encode_texts(const sotto_encoder* encoder, const char* const* texts,
                                  size_t count, const char* prompt, bool normalize, float* out,
                                  sotto_error** error);

/* Decoded pixels: uint8 [height, width, channels], channels interleaved. */
typedef struct sotto_image {
  const uint8_t* data;
  size_t height;
  size_t width;
  size_t channels;      /* 1: grey; 3: red, green, blue; 4: with opacity, laid on white */
  ptrdiff_t row_stride; /* bytes from a row to the next; 0: the rows follow each other */
} sotto_image;

/* images: [count], of any sizes: they are resized and normalised as the model's own processor does.
 * out: [count, dimensions]. */
SOTTO_API bool sotto_encode_images(const sotto_encoder* encoder, const sotto_image* images,
                                   size_t count, bool normalize, float* out, sotto_error** error);

/* ---- Files --------------------------------------------------------------------------------- */

/* Reads a RIFF/WAVE file of 16 kHz, any sample format and number of channels. Writes [*count]
 * samples to *samples, which the caller frees with sotto_free. */
SOTTO_API bool sotto_read_wav(const char* path, float** samples, size_t* count,
                              sotto_error** error);

SOTTO_API void sotto_free(void* memory);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* SOTTO_H_ */
