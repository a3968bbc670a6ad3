#include <cstdint>

#include "bind.hpp"
#include "pyvarcolor/color.hpp"

namespace pyvarcolor {
namespace {

// The kernel for the dtype of the picture.
template <class T>
Index encode(const py::array& lightness, const py::array& chroma, const py::array& rgb) {
    const auto light = Argument<Image<const T>>::of(lightness), ab = Argument<Image<const T>>::of(chroma);
    void* const picture = const_cast<void*>(rgb.data());
    const bool integers = rgb.dtype().kind() == 'u';
    const auto bytes = rgb.itemsize();
    const py::gil_scoped_release unlocked;
    if (integers) {
        if (bytes == 1) return encode_rgb(light, ab, static_cast<std::uint8_t*>(picture));
        return encode_rgb(light, ab, static_cast<std::uint16_t*>(picture));
    }
    if (bytes == sizeof(float)) return encode_rgb(light, ab, static_cast<float*>(picture));
    return encode_rgb(light, ab, static_cast<double*>(picture));
}

}  // namespace

void bind_color(py::module_& m) {
    m.def("encode_rgb", [](const py::array& lightness, const py::array& chroma, const py::array& rgb) {
        return (is_single(lightness) ? encode<float> : encode<double>)(lightness, chroma, rgb);
    });
}

}  // namespace pyvarcolor
