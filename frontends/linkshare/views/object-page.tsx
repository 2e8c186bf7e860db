import type { JSX } from "preact";
import { Document, visible } from "./document.js";
import { fileKind, sizeText } from "./format.js";
import { Icon, type IconName } from "./icons.js";
import type { ObjectPage } from "./models.js";
import { Breadcrumbs, Name, Time } from "./parts.js";
import { Placement } from "./placement.js";
import { SharePanel } from "./share-panel.js";
import { Stage } from "./stage.js";

export function ObjectDocument({ page }: { page: ObjectPage }): JSX.Element {
  const { name, size, modified, contentType, urls, placement } = page;
  const icons = new Set<IconName>(["download", "link", "open", "archive", "audio", fileKind(name)]);
  return (
    <Document frame={page} title={`${name} · Postern`} icons={[...icons]} head={<SocialTags page={page} />} wide>
      <Breadcrumbs items={page.breadcrumbs} />
      <div class="object">
        <div class="object-main">
          <Stage page={page} />
        </div>
        <div class="object-side">
          <section class="panel about">
            <h1>
              <Name text={name} />
            </h1>
            <dl class="facts">
              <div>
                <dt>Size</dt>
                <dd title={`${size} bytes`}>{sizeText(size)}</dd>
              </div>
              <div>
                <dt>Modified</dt>
                <dd>
                  <Time date={modified} />
                </dd>
              </div>
              <div>
                <dt>Type</dt>
                <dd>{visible(contentType === "" ? "unknown" : contentType)}</dd>
              </div>
            </dl>
            <div class="actions">
              <a class="button button-main" href={urls.download}>
                <Icon name="download" />
                <span>Download</span>
              </a>
              {urls.archive !== undefined && (
                <a class="button" href={urls.archive}>
                  <Icon name="archive" />
                  <span>Look inside</span>
                </a>
              )}
            </div>
          </section>
          <SharePanel url={page.shareUrl} />
          {placement !== undefined && <Placement placement={placement} map={urls.map} />}
        </div>
      </div>
    </Document>
  );
}

/** What messengers show of a link. */
function SocialTags({ page }: { page: ObjectPage }): JSX.Element {
  const image = page.urls.socialImage;
  return (
    <>
      <meta property="og:title" content={visible(page.name)} />
      <meta property="og:description" content={`${sizeText(page.size)}, shared by Postern`} />
      {image !== undefined && (
        <>
          <meta property="og:image" content={image} />
          <meta name="twitter:card" content="summary_large_image" />
          <meta name="twitter:image" content={image} />
        </>
      )}
    </>
  );
}
