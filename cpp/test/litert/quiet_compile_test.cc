#include "litert/quiet_compile.h"

#include <doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "temporary_file.h"

namespace sotto {
namespace {

constexpr char kAnnouncement[] = "Created TensorFlow Lite XNNPACK delegate for CPU.";

// As LiteRT prints it: in three pieces.
void Announce(const char* severity, const char* text) {
  std::fprintf(stderr, "%s: ", severity);
  std::fprintf(stderr, "%s", text);
  std::fputc('\n', stderr);
}

// What `body` leaves in descriptor 2.
std::string Printed(const std::function<void()>& body) {
  const TemporaryFile file("");
  std::fflush(stderr);
  const int before = dup(2);
  std::FILE* opened = std::fopen(file.path().c_str(), "wb");
  REQUIRE(dup2(fileno(opened), 2) == 2);
  body();
  std::fflush(stderr);
  REQUIRE(dup2(before, 2) == 2);
  close(before);
  std::fclose(opened);
  std::ostringstream content;
  content << std::ifstream(file.path()).rdbuf();
  return content.str();
}

#ifdef __GLIBC__

TEST_CASE("the announcement alone is left out, and only meanwhile") {
  std::FILE* const before = stderr;
  CHECK(Printed([] {
          const QuietCompile quiet;
          Announce("ERROR", "a fault");
          Announce("INFO", kAnnouncement);
          std::fprintf(stderr, "a line\nand a half");
        }) == "ERROR: a fault\na line\nand a half");
  CHECK(stderr == before);
  CHECK(Printed([] { Announce("INFO", kAnnouncement); }) ==
        "INFO: " + std::string(kAnnouncement) + "\n");
}

TEST_CASE("what other threads print passes at once") {
  CHECK(Printed([] {
          const QuietCompile quiet;
          std::thread([] {
            std::fprintf(stderr, "another thread: ");
            Announce("INFO", kAnnouncement);
          }).join();
        }) == "another thread: INFO: " + std::string(kAnnouncement) + "\n");
}

TEST_CASE("several at once are as quiet, and the last puts the stream back") {
  std::FILE* const before = stderr;
  const std::string printed = Printed([] {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([] {
        for (int j = 0; j < 100; ++j) {
          const QuietCompile quiet;
          Announce("INFO", kAnnouncement);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  });
  CHECK(printed.empty());
  CHECK(stderr == before);
}

#endif

}  // namespace
}  // namespace sotto
