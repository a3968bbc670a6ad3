// Non-owning view of an array (rows, channels, cols): within a row, each channel lies along unit stride.
#pragma once

#include <cstddef>

namespace pyvarcolor {

using Index = std::ptrdiff_t;

// Image<const T> is read, Image<T> is written; a plain (rows, cols) array is an image of one channel.
template <class T>
struct Image {
    T* data = nullptr;
    Index rows = 0, channels = 0, cols = 0;

    T* row(Index i, Index channel = 0) const { return data + (i * channels + channel) * cols; }
    bool empty() const { return rows == 0; }
    Image<const T> read() const { return {data, rows, channels, cols}; }
};

}  // namespace pyvarcolor
