// sotto-native embed: vectors of texts and pictures.

#ifndef SOTTO_CLI_EMBED_H_
#define SOTTO_CLI_EMBED_H_

#include "arguments.h"

namespace sotto {

// Prints a line of JSON an item. Returns the process's exit status: 1 if an item was refused, which
// is told on standard error and left out.
int Embed(const EmbedArguments& arguments);

}  // namespace sotto

#endif  // SOTTO_CLI_EMBED_H_
