/* Transcribes a WAV file of 16 kHz with times, from C.
 *
 * cc transcribe.c $(pkg-config --cflags --libs sotto) -o transcribe
 * ./transcribe models/whisper-base talk.wav PATH/TO/libLiteRt.so */

#include <sotto.h>
#include <stdio.h>

static int fail(sotto_error* error) {
  fprintf(stderr, "error: %s\n", sotto_error_get_message(error));
  sotto_error_free(error);
  return 1;
}

static void print_segment(const sotto_segment* segment, void* user) {
  (void)user;
  printf("%7.2f %7.2f %s\n", sotto_segment_start(segment), sotto_segment_end(segment),
         sotto_segment_text(segment));
}

static int transcribe(const char* path, sotto_session* session) {
  sotto_error* error = NULL;
  float* samples = NULL;
  size_t count = 0;
  if (!sotto_read_wav(path, &samples, &count, &error)) return fail(error);
  sotto_transcribe_options options;
  sotto_transcribe_options_init(&options);
  options.on_segment = print_segment;
  sotto_transcription* result = sotto_transcribe_samples(session, samples, count, &options, &error);
  sotto_free(samples);
  if (result == NULL) return fail(error);
  printf("language: %s\n", sotto_transcription_language(result));
  sotto_transcription_free(result);
  return 0;
}

int main(int argc, char** argv) {
  if (argc < 3 || argc > 4) {
    fprintf(stderr, "usage: transcribe BUNDLE FILE.wav [LIBLITERT]\n");
    return 2;
  }
  sotto_error* error = NULL;
  sotto_bundle* bundle = sotto_bundle_open(argv[1], &error);
  if (bundle == NULL) return fail(error);
  sotto_load_options options;
  sotto_load_options_init(&options);
  options.litert = argc > 3 ? argv[3] : NULL;
  sotto_speech_model* model = sotto_speech_model_load(bundle, &options, &error);
  sotto_bundle_free(bundle);
  if (model == NULL) return fail(error);
  sotto_session* session = sotto_session_new(model, &error);
  sotto_speech_model_free(model); /* the session keeps what it needs */
  if (session == NULL) return fail(error);
  const int status = transcribe(argv[2], session);
  sotto_session_free(session);
  return status;
}
