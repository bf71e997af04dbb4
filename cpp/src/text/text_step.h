// One of the steps that a tokenizer's normalizer or pre-tokenizer takes, in their order.

#ifndef SOTTO_SRC_TEXT_TEXT_STEP_H_
#define SOTTO_SRC_TEXT_TEXT_STEP_H_

#include <functional>

#include "sotto/error.h"

namespace sotto {

template <typename Text>
using TextStep = std::function<Result<void>(Text*)>;

// A step that can't fail.
template <typename Text, typename Change>
TextStep<Text> Always(Change change) {
  return [change](Text* text) -> Result<void> {
    change(text);
    return {};
  };
}

}  // namespace sotto

#endif  // SOTTO_SRC_TEXT_TEXT_STEP_H_
