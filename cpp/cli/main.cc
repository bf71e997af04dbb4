// sotto-native: the runtime without Python. Transcribes 16 kHz WAV files.

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sotto/transcriber.h"
#include "sotto/wav.h"

namespace {

constexpr char kHelp[] =
    R"(usage: sotto-native --model BUNDLE [options] FILE.wav...

Transcribes 16 kHz WAV files with a bundle; prints one line of text a file.

options:
  --model DIR        the bundle, a directory with manifest.json
  --language CODE    en, fr, zh, ...; detected if not given
  --task TASK        transcribe (default), or translate into English
  --window SECONDS   one of the bundle's windows; by the audio's length if not given
  --sample-len N     tokens of text a window at most; half the text context if not given
  --threads N        CPU threads; as many as there are cores, 4 at most, if not given
  --litert PATH      libLiteRt.so; $SOTTO_LITERT, then the system's, if not given
  --no-verify        don't check the sha256 of the bundle's files
  --profile          print each stage's time on standard error
  --version          print the version
  --help             print this

Other formats and sample rates: use the Python command `sotto transcribe`, or
  ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav
)";

struct Arguments {
  std::string model;
  sotto::LoadOptions load;
  sotto::TranscribeOptions transcribe;
  bool profile = false;
  std::vector<std::string> files;
};

[[noreturn]] void Usage(const std::string& fault) {
  std::fprintf(stderr, "error: %s\ntry sotto-native --help\n", fault.c_str());
  std::exit(2);
}

int Number(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value < 0 || value > 1000000) {
    Usage(option + " \"" + text + "\": expected a whole number");
  }
  return static_cast<int>(value);
}

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    const auto value = [&]() -> std::string {
      if (i + 1 >= argc) Usage(option + " needs a value");
      return argv[++i];
    };
    if (option == "--help" || option == "-h") {
      std::fputs(kHelp, stdout);
      std::exit(0);
    } else if (option == "--version") {
      std::puts("sotto-native " SOTTO_VERSION);
      std::exit(0);
    } else if (option == "--model") {
      arguments.model = value();
    } else if (option == "--language") {
      arguments.transcribe.language = value();
    } else if (option == "--task") {
      arguments.transcribe.task = value();
    } else if (option == "--window") {
      arguments.transcribe.window = Number(option, value());
    } else if (option == "--sample-len") {
      arguments.transcribe.sample_len = Number(option, value());
    } else if (option == "--threads") {
      arguments.load.threads = Number(option, value());
    } else if (option == "--litert") {
      arguments.load.library = value();
    } else if (option == "--no-verify") {
      arguments.load.verify = false;
    } else if (option == "--profile") {
      arguments.profile = true;
    } else if (option.size() > 1 && option[0] == '-') {
      Usage("unknown option " + option);
    } else {
      arguments.files.push_back(option);
    }
  }
  if (arguments.model.empty()) Usage("--model is needed");
  if (arguments.files.empty()) Usage("no file to transcribe");
  return arguments;
}

void PrintProfile(const std::string& file, const sotto::Transcription& result) {
  const sotto::Profile& profile = result.profile;
  std::fprintf(stderr,
               "%s: %.1f s of audio: %.0f ms (load %.0f, log-mel %.0f, encoder %.0f "
               "in %lld runs, decoder %.0f in %lld steps)\n",
               file.c_str(), result.duration, profile.total_ms, profile.load_ms, profile.log_mel_ms,
               profile.encoder_ms, static_cast<long long>(profile.encoder_runs), profile.decoder_ms,
               static_cast<long long>(profile.decoder_steps));
}

class WavSource : public sotto::AudioSource {
 public:
  explicit WavSource(std::string path) : path_(std::move(path)) {}

  sotto::Result<size_t> Read(float* out, size_t most) override {
    if (!reader_) SOTTO_RETURN_IF_ERROR(Rewind());
    return reader_->Read(out, most);
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

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
  auto transcriber = sotto::Transcriber::Create(arguments.model, arguments.load);
  if (!transcriber.ok()) {
    Report(transcriber.error());
    return 1;
  }
  int status = 0;
  for (const std::string& file : arguments.files) {
    WavSource source(file);
    const auto result = (*transcriber)->Transcribe(&source, arguments.transcribe);
    if (!result.ok()) {
      const std::string& message = result.error().message;
      const bool named = message.rfind(file, 0) == 0;
      Report({result.error().code, named ? message : file + ": " + message});
      status = 1;
      continue;
    }
    // Whisper's text begins with a space.
    const size_t begin = std::min(result->text.find_first_not_of(' '), result->text.size());
    if (std::puts(result->text.c_str() + begin) == EOF || std::fflush(stdout) != 0) {
      Report({sotto::ErrorCode::kOutput,
              std::string("can't write to standard output (") + std::strerror(errno) + ")"});
      return 1;
    }
    if (arguments.profile) PrintProfile(file, *result);
  }
  return status;
}
