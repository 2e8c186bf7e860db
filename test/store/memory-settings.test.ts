import test from "ava";
import { memorySettingsStore } from "../../store/memory-settings.js";
import { settingsStoreSuite } from "../suites/settings-store-suite.js";

settingsStoreSuite(test, "memory", async (_, now) => memorySettingsStore({ now }));
