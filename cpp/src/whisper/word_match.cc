#include "whisper/word_match.h"

#include <algorithm>
#include <cmath>

namespace sotto {
namespace {

// Word times of two decodings differ by 0.1 s as a rule, and near a pause or the beginning of what
// is decoded by nearly a second: so far apart they count as much as a wrong word.
constexpr double kDrift = 0.1;  // seconds
constexpr double kSecondsPerEdit = 0.8;
constexpr double kMaxEditsPerWord = 2;

// One character and how many bytes it takes; 0 for a byte that is none (kept as it is).
struct Character {
  char32_t code;
  size_t size;
};

Character Next(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  const size_t size = first < 0x80 ? 1 : first < 0xC0 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (size == 0 || size > text.size()) return {0, 1};
  if (size == 1) return {first, 1};
  char32_t code = first & (0x7FU >> size);
  for (size_t i = 1; i < size; ++i) code = code << 6 | (byte(i) & 0x3FU);
  return {code, size};
}

bool IsPunctuation(char32_t c) {
  if (c < 0x80) {
    const bool letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    const bool digit = c >= '0' && c <= '9';
    return c != 0 && !letter && !digit;
  }
  return c == 0xA0 || c == 0xA1 || c == 0xAB || c == 0xBB || c == 0xBF ||  // ¡ « » ¿
         (c >= 0x2000 && c <= 0x206F) ||                                   // – “ … and spaces
         (c >= 0x3000 && c <= 0x303F) ||                                   // 、 。 「
         (c >= 0xFF01 && c <= 0xFF0F) || (c >= 0xFF1A && c <= 0xFF20) ||   // ！ ， ： ？
         (c >= 0xFF3B && c <= 0xFF40) || (c >= 0xFF5B && c <= 0xFF65);
}

char32_t Lower(char32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 32;
  if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;  // Latin-1
  if (c >= 0x100 && c <= 0x137) return c | 1;              // Latin Extended-A, in pairs
  if (c >= 0x14A && c <= 0x177) return c | 1;
  if (c >= 0x391 && c <= 0x3A9) return c + 32;  // Greek
  if (c >= 0x410 && c <= 0x42F) return c + 32;  // Cyrillic
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  return c;
}

void Append(char32_t c, std::string* out) {
  if (c < 0x80) {
    out->push_back(static_cast<char>(c));
  } else {  // Lower only makes characters of two bytes
    out->push_back(static_cast<char>(0xC0U | c >> 6));
    out->push_back(static_cast<char>(0x80U | (c & 0x3FU)));
  }
}

struct TimedText {
  std::string text;  // folded
  double middle;     // seconds
};

std::vector<TimedText> Comparable(const std::vector<Word>& words) {
  std::vector<TimedText> comparable;
  for (const Word& word : words) {
    comparable.push_back({Folded(word.word), (word.start + word.end) / 2});
  }
  return comparable;
}

double Edits(double seconds) {
  return std::clamp((seconds - kDrift) / kSecondsPerEdit, 0.0, kMaxEditsPerWord);
}

// Edit distance between `a` and b[:k] for each k in 0..b.size(), where words that are taken for
// each other also cost what they are apart in time.
std::vector<double> PrefixDistances(const std::vector<TimedText>& a,
                                    const std::vector<TimedText>& b) {
  std::vector<double> row(b.size() + 1);
  for (size_t k = 0; k <= b.size(); ++k) row[k] = static_cast<double>(k);
  for (const TimedText& word : a) {
    double diagonal = row[0];
    row[0] += 1;
    for (size_t k = 1; k <= b.size(); ++k) {
      const TimedText& other = b[k - 1];
      const double substituted = diagonal + (word.text == other.text ? 0 : 1) +
                                 Edits(std::abs(word.middle - other.middle));
      diagonal = row[k];
      row[k] = std::min({substituted, row[k] + 1, row[k - 1] + 1});
    }
  }
  return row;
}

}  // namespace

std::string Folded(std::string_view word) {
  std::string folded;
  size_t end = 0;  // of the last character that is no punctuation
  for (std::string_view rest = word; !rest.empty();) {
    const Character character = Next(rest);
    const char32_t lower = Lower(character.code);
    if (!IsPunctuation(character.code)) {
      if (lower == character.code) {
        folded.append(rest.substr(0, character.size));
      } else {
        Append(lower, &folded);
      }
      end = folded.size();
    } else if (end > 0) {
      folded.append(rest.substr(0, character.size));
    }
    rest.remove_prefix(character.size);
  }
  folded.resize(end);
  return folded.empty() ? std::string(word) : folded;
}

size_t HeardAgain(const std::vector<Word>& confirmed, const std::vector<Word>& hypothesis) {
  if (confirmed.empty()) return 0;
  const double boundary = confirmed.back().end;
  const std::vector<TimedText> words = Comparable(hypothesis);
  const std::vector<double> distances = PrefixDistances(Comparable(confirmed), words);
  double early = 0;  // of the words past the prefix
  for (const TimedText& word : words) early += Edits(boundary - word.middle);
  size_t best = 0;
  double min = distances[0] + early;
  for (size_t k = 1; k <= words.size(); ++k) {
    early -= Edits(boundary - words[k - 1].middle);
    if (distances[k] + early <= min) {
      min = distances[k] + early;
      best = k;
    }
  }
  return best;
}

}  // namespace sotto
