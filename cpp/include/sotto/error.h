// Errors as values: every fallible call of the runtime returns a Result.

#ifndef SOTTO_ERROR_H_
#define SOTTO_ERROR_H_

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace sotto {

// The causes of failure. Each is one exception class in Python (sotto/errors.py).
enum class ErrorCode {
  kAudio,      // input is not audio, empty, or not finite
  kImage,      // input is no picture, or is larger than what is read
  kBundle,     // bundle missing, incomplete, damaged, or of another schema
  kModel,      // a graph can't be loaded or run
  kOption,     // an option is out of range
  kDevice,     // LiteRT's library or an accelerator is missing or too old
  kOutput,     // a result can't be written
  kCancelled,  // the caller cancelled
};

// "audio", "bundle", ...: for logs and the native command line.
const char* ErrorCodeName(ErrorCode code);

struct Error {
  ErrorCode code;
  std::string message;  // what was wrong with what, what was expected, what to do
};

// A value or the Error that kept it from being made.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : state_(std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return std::holds_alternative<T>(state_); }
  explicit operator bool() const { return ok(); }

  T& value() & { return std::get<T>(state_); }
  const T& value() const& { return std::get<T>(state_); }
  T&& value() && { return std::get<T>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

}  // namespace sotto

// Returns the error of `expression` from the enclosing function, if it has one.
#define SOTTO_RETURN_IF_ERROR(expression)                \
  do {                                                   \
    auto sotto_result = (expression);                    \
    if (!sotto_result.ok()) return sotto_result.error(); \
  } while (false)

// Declares `declaration` from the value of `expression`, or returns its error.
#define SOTTO_ASSIGN_OR_RETURN(declaration, expression) \
  SOTTO_ASSIGN_OR_RETURN_IMPL_(SOTTO_CONCAT_(sotto_result_, __LINE__), declaration, expression)
#define SOTTO_ASSIGN_OR_RETURN_IMPL_(result, declaration, expression) \
  auto result = (expression);                                         \
  if (!result.ok()) return result.error();                            \
  declaration = std::move(result).value()
#define SOTTO_CONCAT_(a, b) SOTTO_CONCAT_IMPL_(a, b)
#define SOTTO_CONCAT_IMPL_(a, b) a##b

#endif  // SOTTO_ERROR_H_
