// Decoded pictures in the simplest format there is: binary PPM (netpbm's P6).

#ifndef SOTTO_CLI_PPM_H_
#define SOTTO_CLI_PPM_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sotto/error.h"

namespace sotto {

struct Ppm {
  size_t width = 0;
  size_t height = 0;
  std::vector<uint8_t> pixels;  // RGB, [height, width, 3]
};

// Whether `bytes` begin as such a file does.
bool IsPpm(std::string_view bytes);

// kImage if `bytes` are damaged, or their samples have not 8 bits.
Result<Ppm> ReadPpm(std::string_view bytes);

}  // namespace sotto

#endif  // SOTTO_CLI_PPM_H_
