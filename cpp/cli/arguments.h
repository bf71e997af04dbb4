// The command line of sotto-native.

#ifndef SOTTO_CLI_ARGUMENTS_H_
#define SOTTO_CLI_ARGUMENTS_H_

#include <optional>
#include <string>
#include <vector>

#include "sotto/speech_model.h"
#include "sotto/transcribe_options.h"

namespace sotto {

struct Arguments {
  std::string model;
  LoadOptions load;
  TranscribeOptions transcribe;
  std::string vad;          // a Silero VAD bundle; empty: none
  bool timestamps = false;  // print a line a segment, with its times
  bool tokens = false;      // print a line a segment, with the ids of its tokens
  bool profile = false;
  std::vector<std::string> files;
};

struct EmbedItem {
  enum Kind { kText, kFile, kStandardInput } kind;
  std::string value;  // the text, or the file's name
};

struct EmbedArguments {
  std::string model;
  LoadOptions load;
  std::optional<std::string> prompt;  // the use of texts; unset: the model's default
  bool normalize = true;              // scale vectors to length 1
  std::vector<EmbedItem> items;
};

// Both end the process where there is nothing to do: 0 after --help and --version, 2 after a fault.
// `given`: the command's own name, and what follows it.
Arguments ParseArguments(const std::vector<std::string>& given);
EmbedArguments ParseEmbedArguments(const std::vector<std::string>& given);

}  // namespace sotto

#endif  // SOTTO_CLI_ARGUMENTS_H_
