#include "stream/endpoint.h"

#include <doctest.h>

#include <vector>

namespace sotto {
namespace {

using Event = Endpoint::Event;

constexpr int64_t kBlock = 512;

// Pushes `count` blocks of one probability; the events but kNone.
std::vector<Event> PushAll(Endpoint* endpoint, float probability, int count) {
  std::vector<Event> events;
  for (int i = 0; i < count; ++i) {
    const Event event = endpoint->Push(probability);
    if (event != Event::kNone) events.push_back(event);
  }
  return events;
}

TEST_CASE("an utterance begins after its least speech and ends after silence") {
  Endpoint endpoint({});  // 0.1 s: 4 blocks of 32 ms; 0.5 s: 16 blocks
  CHECK(PushAll(&endpoint, 0.1f, 10).empty());
  CHECK(endpoint.begin() == 10 * kBlock);
  CHECK(PushAll(&endpoint, 0.9f, 3).empty());
  CHECK(PushAll(&endpoint, 0.9f, 1) == std::vector<Event>{Event::kBegin});
  CHECK(endpoint.begin() == 10 * kBlock);
  CHECK(endpoint.speaking());
  CHECK(PushAll(&endpoint, 0.9f, 20).empty());
  CHECK(PushAll(&endpoint, 0.1f, 15).empty());
  CHECK(endpoint.speaking());
  CHECK(PushAll(&endpoint, 0.1f, 1) == std::vector<Event>{Event::kEnd});
  CHECK_FALSE(endpoint.speaking());
  CHECK(endpoint.end() == 34 * kBlock);
  CHECK(endpoint.silence() == 16 * kBlock);
  CHECK(endpoint.begin() == 50 * kBlock);
}

TEST_CASE("a pause shorter than the silence does not end an utterance") {
  Endpoint endpoint({});
  PushAll(&endpoint, 0.9f, 10);
  for (int i = 0; i < 5; ++i) {
    CHECK(PushAll(&endpoint, 0.1f, 15).empty());
    CHECK(PushAll(&endpoint, 0.9f, 1).empty());
  }
}

TEST_CASE("a click is no utterance") {
  Endpoint endpoint({});
  CHECK(PushAll(&endpoint, 0.9f, 3).empty());
  CHECK(PushAll(&endpoint, 0.1f, 100).empty());
  CHECK(PushAll(&endpoint, 0.9f, 3).empty());
}

TEST_CASE("speech goes on somewhat below the probability with which it begins") {
  Endpoint endpoint({});
  CHECK(PushAll(&endpoint, 0.4f, 100).empty());
  PushAll(&endpoint, 0.6f, 4);
  CHECK(PushAll(&endpoint, 0.4f, 100).empty());
  CHECK(endpoint.speaking());
  CHECK(PushAll(&endpoint, 0.3f, 16) == std::vector<Event>{Event::kEnd});
}

}  // namespace
}  // namespace sotto
