// What Python packs is read here, too: test/bundle/test_archive_is_read.py.

#include "bundle/archive.h"

#include <doctest.h>

#include <map>
#include <random>
#include <string>

#include "has.h"
#include "small_archive.h"
#include "small_bundle.h"
#include "temporary_file.h"

namespace sotto {
namespace {

Result<std::map<std::string, ArchiveEntry>> Read(const std::string& bytes) {
  return ReadArchive(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size(), "some.sotto");
}

std::string ArchiveRefusal(const std::string& bytes) {
  const auto entries = Read(bytes);
  REQUIRE_FALSE(entries.ok());
  CHECK(entries.error().code == ErrorCode::kBundle);
  CHECK(entries.error().message.find("some.sotto is not an archive of a bundle") == 0);
  return entries.error().message;
}

SmallArchive TwoFiles(bool zip64 = false) {
  SmallArchive archive(64, zip64);
  archive.Add("manifest.json", "{}");
  archive.Add("npu/soc/a.tflite", "graph");
  return archive;
}

TEST_CASE("entries are found where they are, in a small archive and in one of zip64") {
  for (const bool zip64 : {false, true}) {
    CAPTURE(zip64);
    const std::string bytes = TwoFiles(zip64).Finish();
    const auto entries = Read(bytes);
    REQUIRE(entries.ok());
    REQUIRE(entries->size() == 2);
    const ArchiveEntry graph = entries->at("npu/soc/a.tflite");
    CHECK(bytes.substr(graph.begin, graph.size) == "graph");
    CHECK(graph.begin % 64 == 0);
    CHECK(entries->at("manifest.json").size == 2);
  }
}

TEST_CASE("an archive without entries is one") {
  const auto entries = Read(SmallArchive().Finish());
  REQUIRE(entries.ok());
  CHECK(entries->empty());
}

TEST_CASE("an entry that can't be read in place is refused by name") {
  SmallArchive compressed;
  compressed.Add("a", "content", /*method=*/8);
  CHECK(Has(ArchiveRefusal(compressed.Finish()), "its entry a is compressed"));
  for (const uint16_t flags : {1, 1 << 6, 1 << 13}) {
    SmallArchive encrypted;
    encrypted.Add("a", "content", 0, flags);
    CHECK(Has(ArchiveRefusal(encrypted.Finish()), "its entry a is encrypted"));
  }
}

TEST_CASE("a name of any bytes is printable in a message") {
  SmallArchive compressed;
  compressed.Add("\xff\x01" + std::string(200, 'a'), "content", /*method=*/8);
  const std::string expected = "its entry ??" + std::string(98, 'a') + "... is compressed";
  CHECK(Has(ArchiveRefusal(compressed.Finish()), expected));
}

TEST_CASE("names that lead out of the bundle are refused") {
  for (const std::string name : {"", "/a", "../a", "a/../b", "a/./b", "a//b", "folder/"}) {
    CAPTURE(name);
    SmallArchive archive;
    archive.Add(name, "content");
    CHECK(Has(ArchiveRefusal(archive.Finish()), "whose name is not that of a file in a bundle"));
  }
}

TEST_CASE("a name that is there twice, and entries that share bytes, are refused") {
  SmallArchive twice;
  twice.Add("a", "one");
  twice.Add("a", "two");
  CHECK(Has(ArchiveRefusal(twice.Finish()), "its entry a is there twice"));
  SmallArchive shared;
  shared.Add("a", "content");
  shared.AddAgain("b");
  CHECK(Has(ArchiveRefusal(shared.Finish()), "its entry b has another name in its own header"));

  // A whole entry inside the data of another.
  SmallArchive inner(1);
  inner.Add("b", "inner");
  const std::string hidden = inner.Finish().substr(0, 30 + 1 + 5);
  SmallArchive outer(1);
  outer.Add("a", hidden);
  std::string bytes = outer.Finish();
  const size_t directory = 30 + 1 + hidden.size();
  std::string entry = bytes.substr(directory, 46 + 1);
  entry.replace(20, 8, SmallArchive::Number(5, 4) + SmallArchive::Number(5, 4));
  entry.replace(42, 4, SmallArchive::Number(31, 4));
  entry.back() = 'b';
  bytes.insert(directory + 47, entry);
  bytes.replace(
      bytes.size() - 14, 8,
      SmallArchive::Number(2, 2) + SmallArchive::Number(2, 2) + SmallArchive::Number(94, 4));
  CHECK(Has(ArchiveRefusal(bytes), "two of its entries share bytes"));
}

TEST_CASE("an archive that is cut short anywhere, or has more bytes, is refused") {
  for (const bool zip64 : {false, true}) {
    const std::string whole = TwoFiles(zip64).Finish();
    for (size_t size = 0; size < whole.size(); ++size) ArchiveRefusal(whole.substr(0, size));
    ArchiveRefusal(whole + '\0');
    ArchiveRefusal('\0' + whole);
  }
}

TEST_CASE("a value that is changed gives an error, or entries that are inside") {
  std::mt19937 random(4);
  for (const bool zip64 : {false, true}) {
    const std::string whole = TwoFiles(zip64).Finish();
    for (int i = 0; i < 5000; ++i) {
      const std::string bytes = Mutate(whole, &random);
      const auto entries = Read(bytes);
      if (!entries.ok()) continue;
      for (const auto& [name, entry] : *entries) {
        CHECK(entry.begin <= bytes.size());
        CHECK(entry.size <= bytes.size() - entry.begin);
      }
    }
    // Each byte of the headers, at its limits.
    for (size_t at = 0; at < whole.size(); ++at) {
      for (const char value : {'\0', '\1', '\x7f', '\xff'}) {
        std::string bytes = whole;
        bytes[at] = value;
        const auto entries = Read(bytes);
        if (!entries.ok()) continue;
        for (const auto& [name, entry] : *entries) {
          REQUIRE(entry.begin <= bytes.size());
          REQUIRE(entry.size <= bytes.size() - entry.begin);
        }
      }
    }
  }
}

TEST_CASE("a bundle in an archive is the bundle, from a file, a descriptor or memory") {
  const SmallBundle small;
  SmallArchive archive;
  archive.Add("manifest.json", small.manifest.dump());
  for (const auto& [name, entry] : small.manifest["files"].items()) {
    archive.Add(name, "the content of " + name);
  }
  const std::string bytes = archive.Finish();
  const TemporaryFile file(bytes);
  const auto files = BundleFiles::Open(file.path());
  REQUIRE(files.ok());
  const auto in_memory = BundleFiles::FromArchive(FileView::InMemory("app.sotto", bytes));
  REQUIRE(in_memory.ok());
  for (const auto& source : {*files, *in_memory}) {
    const Result<WhisperBundle> bundle = WhisperBundle::Open(*source);
    REQUIRE(bundle.ok());
    CHECK(bundle->directory == source->label());
    CHECK(bundle->mel_filters->text() == "the content of mel_filters.npy");
    CHECK(bundle->mel_filters->label() == source->label() + "/mel_filters.npy");
  }
  CHECK_FALSE((*files)->Find("none").ok());
}

}  // namespace
}  // namespace sotto
