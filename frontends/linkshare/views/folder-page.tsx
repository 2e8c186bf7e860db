import type { JSX } from "preact";
import { Document, visible } from "./document.js";
import { countText, fileKind, sizeText } from "./format.js";
import { Icon, type IconName } from "./icons.js";
import type { FolderEntry, FolderPage, SortKey } from "./models.js";
import { Breadcrumbs, Name, Time } from "./parts.js";
import { SharePanel } from "./share-panel.js";

const icons: readonly IconName[] = [
  ..."folder file document code image video audio archive".split(" "),
  ..."download link list grid next first up down".split(" "),
] as IconName[];

export function FolderDocument({ page }: { page: FolderPage }): JSX.Element {
  const { title, entries, downloads } = page;
  return (
    <Document frame={page} title={`${title} · Postern`} icons={icons} wide={page.view === "grid"}>
      <Breadcrumbs items={page.breadcrumbs} />
      <div class="head">
        <div>
          <h1>
            <Name text={title} />
          </h1>
          <p class="sub">{summary(page)}</p>
        </div>
        <div class="actions">
          {page.viewUrls !== undefined && <ViewSwitch urls={page.viewUrls} view={page.view} />}
          {downloads !== undefined && entries.length > 0 && (
            <>
              <a class="button" href={downloads.zip}>
                <Icon name="download" />
                <span>
                  <span class="long">Download as </span>zip
                </span>
              </a>
              <a class="button" href={downloads.tarGz}>
                <Icon name="download" />
                <span>tar.gz</span>
              </a>
            </>
          )}
        </div>
      </div>
      {entries.length === 0 ? (
        <div class="empty">
          <Icon name="folder" />
          <p>{page.first === undefined ? "This folder is empty." : "There is nothing more in this folder."}</p>
        </div>
      ) : page.view === "grid" ? (
        <Grid entries={entries} />
      ) : (
        <List page={page} />
      )}
      <Pages page={page} />
      {page.shareUrl !== undefined && (
        <div class="below">
          <SharePanel url={page.shareUrl} />
        </div>
      )}
    </Document>
  );
}

function summary({ entries, next, first }: FolderPage): string {
  const folders = entries.filter((entry) => entry.kind === "folder").length;
  const objects = entries.length - folders;
  const parts = [
    ...(folders > 0 ? [countText(folders, "folder")] : []),
    ...(objects > 0 || folders === 0 ? [countText(objects, "file")] : []),
  ];
  return parts.join(", ") + (next !== undefined || first !== undefined ? " on this page" : "");
}

function ViewSwitch({ urls, view }: { urls: { list: string; grid: string }; view: "list" | "grid" }): JSX.Element {
  return (
    <nav class="switch" aria-label="View">
      {(["list", "grid"] as const).map((name) => (
        <a key={name} href={urls[name]} aria-current={view === name ? "true" : undefined}>
          <Icon name={name} />
          <span class="hidden-text">{name === "list" ? "List" : "Grid"}</span>
        </a>
      ))}
    </nav>
  );
}

function List({ page }: { page: FolderPage }): JSX.Element {
  return (
    <div class="card">
      <table class="list">
        <caption class="hidden-text">Files and folders in {visible(page.title)}</caption>
        <thead>
          <tr>
            <Heading page={page} by="name" text="Name" />
            <Heading page={page} by="size" text="Size" />
            <Heading page={page} by="modified" text="Modified" />
          </tr>
        </thead>
        <tbody>
          {page.entries.map((entry, index) => (
            <Row key={index} entry={entry} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Heading({ page, by, text }: { page: FolderPage; by: SortKey; text: string }): JSX.Element {
  const { sort } = page;
  const sorted = sort.by === by;
  return (
    <th scope="col" class={`col-${by}`} aria-sort={sorted ? (sort.descending ? "descending" : "ascending") : undefined}>
      {sort.urls === undefined ? (
        text
      ) : (
        <a href={sort.urls[by]}>
          {text}
          {sorted && <Icon name={sort.descending ? "down" : "up"} />}
        </a>
      )}
    </th>
  );
}

function Row({ entry }: { entry: FolderEntry }): JSX.Element {
  const isFolder = entry.kind === "folder";
  return (
    <tr>
      <td class="col-name">
        <a class="entry" href={entry.url}>
          <Icon name={isFolder ? "folder" : fileKind(entry.name)} />
          <span>
            <Name text={entry.name} />
          </span>
        </a>
      </td>
      <td class="col-size">{entry.size !== undefined && sizeText(entry.size)}</td>
      <td class="col-modified">{entry.modified !== undefined && <Time date={entry.modified} />}</td>
    </tr>
  );
}

function Grid({ entries }: { entries: readonly FolderEntry[] }): JSX.Element {
  return (
    <ul class="grid" aria-label="Files and folders">
      {entries.map((entry, index) => (
        <li key={index}>
          <a class="tile" href={entry.url} title={visible(entry.name)}>
            <span class={entry.kind === "folder" ? "thumb thumb-folder" : "thumb"}>
              <Icon name={entry.kind === "folder" ? "folder" : fileKind(entry.name)} />
              {entry.thumbnail !== undefined && (
                <img src={entry.thumbnail} alt="" loading="lazy" decoding="async" width="320" height="240" />
              )}
            </span>
            <span class="tile-name">
              <Name text={entry.name} />
            </span>
            <span class="tile-note">{entry.size === undefined ? "Folder" : sizeText(entry.size)}</span>
          </a>
        </li>
      ))}
    </ul>
  );
}

function Pages({ page }: { page: FolderPage }): JSX.Element | null {
  const { first, next } = page;
  if (first === undefined && next === undefined) return null;
  return (
    <nav class="pages" aria-label="Pages">
      {first !== undefined && (
        <a class="button" href={first}>
          <Icon name="first" />
          <span>First page</span>
        </a>
      )}
      {next !== undefined && (
        <a class="button" href={next} rel="next">
          <span>Next page</span>
          <Icon name="next" />
        </a>
      )}
    </nav>
  );
}
