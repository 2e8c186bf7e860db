import type { JSX } from "preact";
import { Document, visible } from "./document.js";
import { countText, fileKind, sizeText } from "./format.js";
import { Icon, type IconName } from "./icons.js";
import type { ArchivePage, ArchivePageEntry } from "./models.js";
import { Breadcrumbs, Name, Time } from "./parts.js";

const icons: readonly IconName[] = [
  "folder",
  "file",
  "document",
  "code",
  "image",
  "video",
  "audio",
  "archive",
  "download",
  "first",
];

export function ArchiveDocument({ page }: { page: ArchivePage }): JSX.Element {
  const { hidden = 0 } = page;
  const files = page.entries.filter((entry) => !entry.name.endsWith("/"));
  const total = files.reduce((sum, entry) => sum + entry.size, 0);
  return (
    <Document frame={page} title={`Inside ${page.title} · Postern`} icons={icons}>
      <Breadcrumbs items={page.breadcrumbs} />
      <div class="head">
        <div>
          <h1>
            <Name text={page.title} />
          </h1>
          <p class="sub">
            {countText(files.length, "file")}
            {files.length > 0 && `, ${sizeText(total)} when unpacked`}
            {page.cut && " (there are more than can be shown)"}
            {hidden > 0 &&
              `; ${countText(hidden, "entry", "entries")} with a name that is not safe or not the only one left out`}
          </p>
        </div>
        <div class="actions">
          {page.urls.object !== undefined && (
            <a class="button" href={page.urls.object}>
              <Icon name="first" />
              <span>About this archive</span>
            </a>
          )}
          <a class="button" href={page.urls.download}>
            <Icon name="download" />
            <span>Download all of it</span>
          </a>
        </div>
      </div>
      {page.entries.length === 0 ? (
        <div class="empty">
          <Icon name="archive" />
          <p>There is nothing in this archive.</p>
        </div>
      ) : (
        <div class="card">
          <table class="list">
            <caption class="hidden-text">Files in {visible(page.title)}</caption>
            <thead>
              <tr>
                <th scope="col" class="col-name">
                  Name
                </th>
                <th scope="col" class="col-size">
                  Size
                </th>
                <th scope="col" class="col-modified">
                  Modified
                </th>
              </tr>
            </thead>
            <tbody>
              {page.entries.map((entry, index) => (
                <Row key={index} entry={entry} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Document>
  );
}

function Row({ entry }: { entry: ArchivePageEntry }): JSX.Element {
  const isFolder = entry.name.endsWith("/");
  const slash = entry.name.lastIndexOf("/", isFolder ? entry.name.length - 2 : undefined);
  const label = (
    <>
      <Icon name={isFolder ? "folder" : fileKind(entry.name)} />
      <span>
        <span class="path">
          <Name text={entry.name.slice(0, slash + 1)} />
        </span>
        <Name text={entry.name.slice(slash + 1)} />
        {entry.url === undefined && !isFolder && <span class="tag">cannot be taken out here</span>}
      </span>
    </>
  );
  return (
    <tr>
      <td class="col-name">
        {entry.url === undefined ? (
          <span class="entry">{label}</span>
        ) : (
          <a class="entry" href={entry.url}>
            {label}
          </a>
        )}
      </td>
      <td class="col-size">{!isFolder && sizeText(entry.size)}</td>
      <td class="col-modified">{entry.modified !== undefined && <Time date={entry.modified} />}</td>
    </tr>
  );
}
