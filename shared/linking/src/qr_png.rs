//! A QR code as a PNG of one bit per pixel, drawn in whole pixels so that every edge is sharp.

use png::{BitDepth, ColorType, Encoder, EncodingError};
use qrcode::{Color, QrCode};

/// The blank border that readers rely on, in modules (ISO/IEC 18004, section 5.3.8).
const QUIET_MODULES: usize = 4;

/// Eight white pixels.
const WHITE: u8 = 0xFF;

/// Draws a square picture with edges of `size` pixels, or more where the code needs more.
pub(crate) fn draw(code: &QrCode, size: usize) -> Result<Vec<u8>, EncodingError> {
    let across = code.width() + 2 * QUIET_MODULES;
    let edge = size.max(across);
    let module = edge / across;
    // The remainder of the division goes to the border, which may be wider than required.
    let border = (edge - module * code.width()) / 2;
    let stride = edge.div_ceil(8);

    let mut pixels = vec![WHITE; stride * border];
    for row in code.to_colors().chunks(code.width()) {
        pixels.extend(pixel_row(row, border, module, stride).repeat(module));
    }
    pixels.resize(stride * edge, WHITE);
    encode(&pixels, u32::try_from(edge).unwrap_or(u32::MAX))
}

/// One row of pixels through a row of modules.
fn pixel_row(modules: &[Color], border: usize, module: usize, stride: usize) -> Vec<u8> {
    let mut row = vec![WHITE; stride];
    for (place, _) in modules.iter().enumerate().filter(|(_, color)| **color == Color::Dark) {
        let left = border + place * module;
        for x in left..left + module {
            if let Some(byte) = row.get_mut(x / 8) {
                *byte &= !(0x80 >> (x % 8));
            }
        }
    }
    row
}

fn encode(pixels: &[u8], edge: u32) -> Result<Vec<u8>, EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, edge, edge);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}
