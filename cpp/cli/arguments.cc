#include "arguments.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <utility>

#include "environment_litert.h"
#include "platform/program.h"

namespace sotto {
namespace {

constexpr char kHelp[] =
    R"(usage: sotto-native --model BUNDLE [options] FILE.wav...
       sotto-native embed --model BUNDLE [options] FILE...

Transcribes 16 kHz WAV files with a bundle; prints one line of text a file.
Vectors of texts and pictures: sotto-native embed --help

what is said:
  --model DIR            the bundle, a directory with manifest.json
  --language CODE        en, fr, zh, ...; detected if not given
  --task TASK            transcribe (default), or translate into English
  --initial-prompt TEXT  text before the first window: names, terms, a style
  --carry-initial-prompt BOOL
                         True: put it before every window
  --hotwords TEXT        words put before every window
  --prefix TEXT          text that each window begins with
  --condition-on-previous-text BOOL
                         False: don't show a window the text before it
  --clip-timestamps LIST seconds START,END,START,END...: transcribe these parts alone
  --vad DIR              a Silero VAD bundle: leave out what is no speech

how it is decoded:
  --window SECONDS       one of the bundle's windows; the shortest that fits if not given
  --temperature LIST     tried in turn while a window fails; 0,0.2,0.4,0.6,0.8,1 if not given
  --beam-size N          beams at temperature 0; greedy if not given
  --patience X           of beam search
  --best-of N            samples drawn above temperature 0; 1 if not given
  --length-penalty X     0 to 1
  --sample-len N         tokens of text a window at most; half the text context if not given
  --seed N               of sampling above temperature 0
  --without-timestamps BOOL
                         True: text alone, a window is a segment

what is printed:
  --timestamps           a line a segment with its times, as soon as it is known
  --tokens               a line a segment with the ids of its tokens
  --word-timestamps BOOL True: time words, and print with --timestamps a line a word
  --hallucination-silence-threshold SECONDS
                         with words: skip silence around what was likely not said
  --profile              print each stage's time on standard error

the runtime:
  --accelerator NAME     cpu (default); npu, an error where there is none; or auto
  --soc NAME             whose compiled files to take, such as mt6991; this machine's if not given
  --npu-dispatch DIR     the folder of LiteRT's dispatch library for the NPU;
                         $SOTTO_DISPATCH if not given
  --threads N            CPU threads; as many as there are big cores, 4 at most, if not given
  --litert PATH          LiteRT's library; if not given $SOTTO_LITERT, then that of the Python
                         environment which sotto-native is installed in, then the system's
  --weight-cache DIR     keeps packed weights, for a quicker start in less memory;
                         $SOTTO_WEIGHT_CACHE, then the user's cache, if not given; "": nowhere
  --no-verify            don't check the sha256 of the bundle's files
  --version              print the version
  --help                 print this

Other formats and sample rates: use the Python command `sotto transcribe`, or
  ffmpeg -i INPUT -ar 16000 -ac 1 OUTPUT.wav
)";

constexpr char kEmbedHelp[] =
    R"(usage: sotto-native embed --model BUNDLE [options] FILE...

Embeds texts and pictures with a bundle; prints a line of JSON each, of item and vector.

what is embedded, in this order:
  FILE                   a picture in binary PPM, else a text in UTF-8
  -                      standard input, a text a line
  --text TEXT            the text itself

options:
  --model DIR            the bundle, a directory with manifest.json
  --prompt NAME          what the texts are for, such as query: the model's default if not given;
                         "": nothing is put before them
  --normalize BOOL       False: the model's own vectors, not scaled to length 1
  --accelerator, --soc, --npu-dispatch, --threads, --litert, --weight-cache, --no-verify:
                         as sotto-native --help has them
  --help                 print this
)";

[[noreturn]] void Usage(const std::string& fault) {
  std::fprintf(stderr, "error: %s\ntry sotto-native --help\n", fault.c_str());
  std::exit(2);
}

int WholeNumber(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value < 0 || value > 1000000) {
    Usage(option + " \"" + text + "\": expected a whole number");
  }
  return static_cast<int>(value);
}

double Number(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0') Usage(option + " \"" + text + "\": expected a number");
  return value;
}

// Numbers with commas between them.
std::vector<double> Numbers(const std::string& option, const std::string& text) {
  std::vector<double> numbers;
  size_t begin = 0;
  for (size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = text.find(',', begin);
    numbers.push_back(
        Number(option, text.substr(begin, end == std::string::npos ? end : end - begin)));
  }
  return numbers;
}

// As openai-whisper's command takes it.
bool Boolean(const std::string& option, const std::string& text) {
  if (text != "True" && text != "False") {
    Usage(option + " \"" + text + "\": expected True or False");
  }
  return text == "True";
}

using Flags = std::map<std::string, std::function<void()>>;
using Values =
    std::map<std::string, std::function<void(const std::string& option, const std::string& value)>>;

// What both commands have.
Flags SharedFlags(const char* help, LoadOptions* load) {
  const auto print = [](const char* text) {
    return [text] {
      std::fputs(text, stdout);
      std::exit(0);
    };
  };
  return {
      {"--help", print(help)},
      {"-h", print(help)},
      {"--version", print("sotto-native " SOTTO_VERSION "\n")},
      {"--no-verify", [load] { load->verify = false; }},
  };
}

Values SharedValues(std::string* model, LoadOptions* load) {
  const auto text = [](std::string* field) {
    return [field](const std::string&, const std::string& value) { *field = value; };
  };
  return {
      {"--model", text(model)},
      {"--accelerator", text(&load->accelerator)},
      {"--soc", text(&load->soc)},
      {"--npu-dispatch", text(&load->dispatch)},
      {"--litert", text(&load->library)},
      {"--weight-cache", text(&load->weight_cache)},
      {"--threads",
       [load](const std::string& option, const std::string& value) {
         load->threads = WholeNumber(option, value);
       }},
  };
}

Flags FlagsOf(Arguments* to) {
  Flags flags = SharedFlags(kHelp, &to->load);
  flags["--timestamps"] = [to] { to->timestamps = true; };
  flags["--tokens"] = [to] { to->tokens = true; };
  flags["--profile"] = [to] { to->profile = true; };
  return flags;
}

Values ValuesOf(Arguments* to) {
  TranscribeOptions& options = to->transcribe;
  const auto text = [](std::string* field) {
    return [field](const std::string&, const std::string& value) { *field = value; };
  };
  const auto whole = [](int* field) {
    return [field](const std::string& option, const std::string& value) {
      *field = WholeNumber(option, value);
    };
  };
  const auto boolean = [](bool* field) {
    return [field](const std::string& option, const std::string& value) {
      *field = Boolean(option, value);
    };
  };
  const auto number = [](std::optional<double>* field) {
    return [field](const std::string& option, const std::string& value) {
      *field = Number(option, value);
    };
  };
  const auto numbers = [](std::vector<double>* field) {
    return [field](const std::string& option, const std::string& value) {
      *field = Numbers(option, value);
    };
  };
  Values values = {
      {"--vad", text(&to->vad)},
      {"--language", text(&options.language)},
      {"--task", text(&options.task)},
      {"--initial-prompt", text(&options.initial_prompt)},
      {"--hotwords", text(&options.hotwords)},
      {"--prefix", text(&options.prefix)},
      {"--carry-initial-prompt", boolean(&options.carry_initial_prompt)},
      {"--condition-on-previous-text", boolean(&options.condition_on_previous_text)},
      {"--without-timestamps", boolean(&options.without_timestamps)},
      {"--word-timestamps", boolean(&options.word_timestamps)},
      {"--clip-timestamps", numbers(&options.clip_timestamps)},
      {"--window", whole(&options.window)},
      {"--temperature", numbers(&options.temperatures)},
      {"--beam-size", whole(&options.beam_size)},
      {"--patience", number(&options.patience)},
      {"--best-of", whole(&options.best_of)},
      {"--length-penalty", number(&options.length_penalty)},
      {"--sample-len", whole(&options.sample_len)},
      {"--seed",
       [&options](const std::string& option, const std::string& value) {
         options.seed = static_cast<uint64_t>(WholeNumber(option, value));
       }},
      {"--hallucination-silence-threshold", number(&options.hallucination_silence_threshold)},
  };
  values.merge(SharedValues(&to->model, &to->load));
  return values;
}

// Sets options as flags and values say, and hands over what is none.
void Parse(const std::vector<std::string>& given, const Flags& flags, const Values& values,
           const std::function<void(const std::string&)>& other) {
  for (size_t i = 1; i < given.size(); ++i) {
    const std::string& option = given[i];
    if (const auto flag = flags.find(option); flag != flags.end()) {
      flag->second();
    } else if (const auto value = values.find(option); value != values.end()) {
      if (i + 1 >= given.size()) Usage(option + " needs a value");
      value->second(option, given[++i]);
    } else if (option.size() > 1 && option[0] == '-') {
      Usage("unknown option " + option);
    } else {
      other(option);
    }
  }
}

// After what was given.
void CompleteLoad(const std::string& model, LoadOptions* load) {
  if (model.empty()) Usage("--model is needed");
  if (load->library.empty() && std::getenv("SOTTO_LITERT") == nullptr) {
    load->library = EnvironmentLiteRt(ProgramPath());
  }
}

}  // namespace

Arguments ParseArguments(const std::vector<std::string>& given) {
  Arguments arguments;
  arguments.load.weight_cache = DefaultWeightCache();
  Parse(given, FlagsOf(&arguments), ValuesOf(&arguments),
        [&](const std::string& file) { arguments.files.push_back(file); });
  CompleteLoad(arguments.model, &arguments.load);
  if (arguments.files.empty()) Usage("no file to transcribe");
  return arguments;
}

EmbedArguments ParseEmbedArguments(const std::vector<std::string>& given) {
  EmbedArguments arguments;
  arguments.load.weight_cache = DefaultWeightCache();
  Values values = SharedValues(&arguments.model, &arguments.load);
  values["--prompt"] = [&](const std::string&, const std::string& value) {
    arguments.prompt = value;
  };
  values["--normalize"] = [&](const std::string& option, const std::string& value) {
    arguments.normalize = Boolean(option, value);
  };
  values["--text"] = [&](const std::string&, const std::string& value) {
    arguments.items.push_back({EmbedItem::kText, value});
  };
  Parse(given, SharedFlags(kEmbedHelp, &arguments.load), values, [&](const std::string& file) {
    const auto kind = file == "-" ? EmbedItem::kStandardInput : EmbedItem::kFile;
    arguments.items.push_back({kind, file});
  });
  CompleteLoad(arguments.model, &arguments.load);
  if (arguments.items.empty()) Usage("nothing to embed");
  return arguments;
}

}  // namespace sotto
