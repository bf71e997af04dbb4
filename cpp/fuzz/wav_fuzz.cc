// Recordings: whatever a header claims, samples come from the file, and are finite.

#include <cmath>
#include <cstdlib>
#include <vector>

#include "checked_message.h"
#include "memory_file.h"
#include "sotto/wav.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const sotto::MemoryFile file(data, size);
  auto reader = sotto::WavReader::Open(file.path());
  if (!sotto::Accepted(reader)) return 0;
  std::vector<float> samples(777);
  for (int64_t total = 0;;) {
    const auto read = reader->Read(samples.data(), samples.size());
    if (!sotto::Accepted(read)) return 0;
    total += static_cast<int64_t>(*read);
    if (*read > samples.size() || total > reader->frames()) std::abort();
    for (size_t i = 0; i < *read; ++i) {
      if (!std::isfinite(samples[i])) std::abort();
    }
    if (*read < samples.size()) return 0;
  }
}
