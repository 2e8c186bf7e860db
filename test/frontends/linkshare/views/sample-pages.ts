import type { ArchivePage, FolderPage, ObjectPage } from "../../../../frontends/linkshare/views/index.js";

export const modified = new Date("2026-03-04T05:06:08Z");

export function objectPage(change: Partial<ObjectPage> = {}): ObjectPage {
  return {
    name: "harbour at dawn.jpg",
    key: "summer/harbour at dawn.jpg",
    bucket: "photos",
    size: 2_345_678,
    modified,
    contentType: "image/jpeg",
    kind: "image",
    urls: { raw: "/raw/KEY/photos/summer/harbour%20at%20dawn.jpg", download: "?download=1" },
    breadcrumbs: [
      { name: "photos", url: "/s/KEY/photos/" },
      { name: "summer", url: "./" },
      { name: "harbour at dawn.jpg" },
    ],
    shareUrl: "https://link.example/s/KEY/photos/summer/harbour%20at%20dawn.jpg",
    placement: {
      rows: [
        { label: "10.1.2.0/24", count: 4 },
        { label: "10.9.0.0/24", count: 2 },
      ],
      pieceCount: 6,
      segmentCount: 1,
    },
    ...change,
  };
}

export function folderPage(change: Partial<FolderPage> = {}): FolderPage {
  return {
    title: "summer",
    breadcrumbs: [{ name: "photos", url: "../" }, { name: "summer" }],
    entries: [
      { name: "raw files", kind: "folder", url: "./raw%20files/" },
      { name: "a.jpg", kind: "object", size: 1234, modified, url: "./a.jpg", thumbnail: "./a.jpg?thumbnail=1" },
      { name: "notes.md", kind: "object", size: 0, modified, url: "./notes.md" },
    ],
    sort: {
      by: "name",
      descending: false,
      urls: { name: "?sort=-name", size: "?sort=size", modified: "?sort=modified" },
    },
    downloads: { zip: "?download-kind=zip", tarGz: "?download-kind=tar.gz" },
    view: "list",
    viewUrls: { list: "?view=list", grid: "?view=grid" },
    shareUrl: "https://link.example/s/KEY/photos/summer/",
    ...change,
  };
}

export function archivePage(change: Partial<ArchivePage> = {}): ArchivePage {
  return {
    title: "site.zip",
    breadcrumbs: [{ name: "photos", url: "./" }, { name: "site.zip" }],
    entries: [
      { name: "css/", size: 0 },
      { name: "css/page.css", size: 1234, modified, url: "?path=css%2Fpage.css" },
      { name: "secret.txt", size: 10, modified },
    ],
    urls: { download: "?download=1", object: "./site.zip" },
    ...change,
  };
}
