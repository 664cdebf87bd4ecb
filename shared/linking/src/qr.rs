//! `GET /v1/link/qr.svg` and `GET /v1/link/qr.png`: a link's address as a QR code.

use http_api::{Call, OrInternal, Problem, Response, reply};
use lambda::App;
use qrcode::QrCode;
use qrcode::render::svg::Color;
use storage::Link;
use types::LinkCode;

use crate::change::not_yours;
use crate::{affiliate, default, qr_png, view};

/// The edge of the picture, in pixels.
const SIZES: std::ops::RangeInclusive<u16> = 128..=2048;
const USUAL_SIZE: u16 = 512;

/// The edge of one module where the SVG is shown unscaled, in pixels.
const SVG_MODULE: u32 = 8;

pub(crate) async fn svg<R>(app: &App, call: &Call<R>) -> Result<Response, Problem> {
    let code = code(app, call).await?;
    let renderer = &mut code.render::<Color<'_>>();
    let text = renderer.quiet_zone(true).module_dimensions(SVG_MODULE, SVG_MODULE).build();
    Ok(reply::image(call, "image/svg+xml", text))
}

pub(crate) async fn png<R>(app: &App, call: &Call<R>) -> Result<Response, Problem> {
    let size = call.query.number("size", SIZES, USUAL_SIZE)?;
    let code = code(app, call).await?;
    let bytes = qr_png::draw(&code, size.into()).or_internal()?;
    Ok(reply::image(call, "image/png", bytes))
}

async fn code<R>(app: &App, call: &Call<R>) -> Result<QrCode, Problem> {
    let link = link(app, call).await?;
    QrCode::new(view::url(&link, &app.programme.links)).or_internal()
}

/// The caller's link that `code` names, or their default link.
async fn link<R>(app: &App, call: &Call<R>) -> Result<Link, Problem> {
    match call.query.optional::<LinkCode>("code")? {
        Some(code) => {
            let links = affiliate::links(app, call).await?;
            links.value.get(&code).cloned().ok_or_else(not_yours)
        }
        None => default::link(app, call).await,
    }
}
