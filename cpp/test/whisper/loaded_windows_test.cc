#include "whisper/loaded_windows.h"

#include <doctest.h>

namespace sotto {
namespace {

WhisperBundle Windows() {
  WhisperBundle bundle;
  for (int seconds : {10, 20, 30}) {
    Window window;
    window.seconds = seconds;
    window.frames = static_cast<size_t>(seconds) * 100;
    bundle.windows.push_back(window);
  }
  return bundle;
}

TEST_CASE("audio gets the shortest window that leaves a second after it") {
  const WhisperBundle bundle = Windows();
  CHECK(FittingWindow(bundle, 1).seconds == 10);
  CHECK(FittingWindow(bundle, 900).seconds == 10);
  CHECK(FittingWindow(bundle, 901).seconds == 20);
  CHECK(FittingWindow(bundle, 1901).seconds == 30);
  CHECK(FittingWindow(bundle, 3000).seconds == 30);
}

TEST_CASE("a window that is asked for is the longest; else the bundle's last is") {
  const WhisperBundle bundle = Windows();
  CHECK(LongestWindow(bundle, 20).seconds == 20);
  CHECK(LongestWindow(bundle, 0).seconds == 30);
}

}  // namespace
}  // namespace sotto
