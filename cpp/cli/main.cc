// sotto-native: the runtime without Python. Transcribes 16 kHz WAV files, and embeds.

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arguments.h"
#include "embed.h"
#include "platform/program.h"
#include "sotto/recognizer.h"
#include "sotto/speech_model.h"
#include "sotto/vad.h"
#include "sotto/wav.h"

namespace {

void PrintProfile(const std::string& file, const sotto::Transcription& result) {
  const sotto::Profile& profile = result.profile;
  std::fprintf(stderr,
               "%s: %.1f s of audio, %s: %.0f ms (load %.0f, log-mel %.0f, encoder %.0f "
               "in %lld runs, decoder %.0f in %lld steps, words %.0f, voice activity %.0f)\n",
               file.c_str(), result.duration, profile.accelerator.c_str(), profile.total_ms,
               profile.load_ms, profile.log_mel_ms, profile.encoder_ms,
               static_cast<long long>(profile.encoder_runs), profile.decoder_ms,
               static_cast<long long>(profile.decoder_steps), profile.alignment_ms, profile.vad_ms);
}

class WavSource : public sotto::AudioSource {
 public:
  explicit WavSource(std::string path) : path_(std::move(path)) {}

  sotto::Result<size_t> Read(float* out, size_t max_samples) override {
    if (!reader_) SOTTO_RETURN_IF_ERROR(Rewind());
    return reader_->Read(out, max_samples);
  }

  sotto::Result<void> Rewind() override {
    SOTTO_ASSIGN_OR_RETURN(sotto::WavReader reader, sotto::WavReader::Open(path_));
    reader_.emplace(std::move(reader));
    return {};
  }

 private:
  std::string path_;
  std::optional<sotto::WavReader> reader_;
};

void Report(const sotto::Error& error) {
  std::fprintf(stderr, "error: %s\n", error.message.c_str());
}

// "01:02.345", with hours before it where there are some.
std::string Time(double seconds) {
  const auto ms = static_cast<long long>(std::nearbyint(seconds * 1000));
  char text[64];
  const long long hours = ms / 3600000;
  const int size = hours > 0 ? std::snprintf(text, sizeof(text), "%02lld:", hours) : 0;
  std::snprintf(text + size, sizeof(text) - static_cast<size_t>(size), "%02lld:%02lld.%03lld",
                ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
  return text;
}

// Whether standard output took it.
bool PrintLine(const std::string& line) {
  return std::puts(line.c_str()) != EOF && std::fflush(stdout) == 0;
}

bool PrintTimed(double start, double end, const std::string& text) {
  return PrintLine("[" + Time(start) + " --> " + Time(end) + "] " + text);
}

bool PrintTokens(const std::vector<int>& tokens) {
  std::string line;
  for (const int token : tokens) line += (line.empty() ? "" : " ") + std::to_string(token);
  return PrintLine(line);
}

bool PrintSegment(const sotto::Segment& segment) {
  if (segment.words.empty()) return PrintTimed(segment.start, segment.end, segment.text);
  return std::all_of(segment.words.begin(), segment.words.end(), [](const sotto::Word& word) {
    return PrintTimed(word.start, word.end, word.word);
  });
}

sotto::Result<std::shared_ptr<const sotto::SpeechModel>> LoadModel(
    const sotto::Arguments& arguments) {
  SOTTO_ASSIGN_OR_RETURN(const auto files, sotto::BundleFiles::Open(arguments.model));
  return sotto::SpeechModel::Create(*files, arguments.load);
}

sotto::Result<void> LoadVad(sotto::Arguments* arguments) {
  if (arguments->vad.empty()) return {};
  sotto::LoadOptions options;
  options.verify = arguments->load.verify;
  options.library = arguments->load.library;
  SOTTO_ASSIGN_OR_RETURN(const auto files, sotto::BundleFiles::Open(arguments->vad));
  SOTTO_ASSIGN_OR_RETURN(arguments->transcribe.vad_filter,
                         sotto::VoiceActivityDetector::Create(*files, options));
  return {};
}

// Prints the file's transcript.
sotto::Result<void> TranscribeFile(const sotto::Arguments& arguments, const std::string& file,
                                   const sotto::SpeechModel& model) {
  WavSource source(file);
  bool printed = true;
  sotto::TranscribeOptions options = arguments.transcribe;
  options.cancelled = [&] { return !printed; };
  sotto::TranscribeCallbacks callbacks;
  const bool by_segment = arguments.timestamps || arguments.tokens;
  if (by_segment) {
    callbacks.on_segment = [&](const sotto::Segment& segment) {
      if (arguments.timestamps) printed = printed && PrintSegment(segment);
      if (arguments.tokens) printed = printed && PrintTokens(segment.tokens);
    };
  }
  const auto result = model.Transcribe(&source, options, callbacks);
  if (printed && !result.ok()) {
    const std::string& message = result.error().message;
    const bool named = message.rfind(file, 0) == 0;
    return sotto::Error{result.error().code, named ? message : file + ": " + message};
  }
  // Whisper's text begins with a space.
  if (printed && !by_segment) {
    const std::string& text = result->text;
    printed = PrintLine(text.substr(std::min(text.find_first_not_of(' '), text.size())));
  }
  if (!printed) {
    return sotto::Error{sotto::ErrorCode::kOutput, std::string("can't write to standard output (") +
                                                       std::strerror(errno) + ")"};
  }
  if (arguments.profile) PrintProfile(file, *result);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> given = sotto::StartProgram(argc, argv);
  if (given.size() > 1 && given[1] == "embed") {
    given.erase(given.begin());
    return sotto::Embed(sotto::ParseEmbedArguments(given));
  }
  sotto::Arguments arguments = sotto::ParseArguments(given);
  const auto model = LoadModel(arguments);
  if (!model.ok()) {
    Report(model.error());
    return 1;
  }
  if (const std::string& why = (*model)->info().fallback; !why.empty()) {
    std::fprintf(stderr, "warning: %s\n", why.c_str());
  }
  if (const auto loaded = LoadVad(&arguments); !loaded.ok()) {
    Report(loaded.error());
    return 1;
  }
  int status = 0;
  for (const std::string& file : arguments.files) {
    const auto done = TranscribeFile(arguments, file, **model);
    if (done.ok()) continue;
    Report(done.error());
    status = 1;
    if (done.error().code == sotto::ErrorCode::kOutput) break;
  }
  return status;
}
