/** "postern/testing": what authors of plugins and stores run against theirs. */
export { createMemoryProject } from "../helpers/memory-project.js";
export {
  type FrontendSubject,
  type FrontendSuiteOptions,
  frontendSuite,
  type StartForTest,
  type SuiteServer,
  startForTest,
} from "./frontend-suite.js";
export { type GrantStoreFixture, grantStoreSuite } from "./grant-store-suite.js";
