import { describe, expect, it } from 'vitest';
import type { SettingsDeclaration } from './method';
import { checkSettings, numberSetting, SettingsError } from './settings';

const declaration: SettingsDeclaration = {
  images: { kind: 'number', label: 'Images', explain: '', default: 512, min: 32, max: 1000, step: 32 },
  rate: { kind: 'number', label: 'Rate', explain: '', default: 0.1, min: 0, max: 1, step: 0.01 },
  scheme: {
    kind: 'choice',
    label: 'Scheme',
    explain: '',
    default: 'channel',
    options: [
      { value: 'channel', label: 'Channel' },
      { value: 'spatial', label: 'Spatial' },
    ],
  },
  strict: { kind: 'switch', label: 'Strict', explain: '', default: true },
};

describe('checkSettings', () => {
  it('fills in what is missing and keeps what is given, between the slider steps too', () => {
    expect(checkSettings(declaration, { images: 100, strict: false })).toEqual({
      images: 100,
      rate: 0.1,
      scheme: 'channel',
      strict: false,
    });
  });

  it.each([
    [{ image: 3 }, 'image', 'The method has no setting "image". It has: images, rate, scheme, strict.'],
    [{ images: 31 }, 'images', 'The setting "images" must be a whole number from 32 to 1000, not 31.'],
    [{ images: 32.5 }, 'images', 'The setting "images" must be a whole number from 32 to 1000, not 32.5.'],
    [{ rate: Number.NaN }, 'rate', 'The setting "rate" must be a number from 0 to 1, not null.'],
    [{ rate: '0.5' }, 'rate', 'The setting "rate" must be a number from 0 to 1, not "0.5".'],
    [{ scheme: 'both' }, 'scheme', 'The setting "scheme" must be one of channel, spatial, not "both".'],
    [{ strict: 1 }, 'strict', 'The setting "strict" must be true or false, not 1.'],
    [{ toString: 1 }, 'toString', 'The method has no setting "toString". It has: images, rate, scheme, strict.'],
  ])('refuses %j', (values, setting, message) => {
    const check = (): unknown => checkSettings(declaration, values as Record<string, number>);
    expect(check).toThrow(new SettingsError(message, setting));
  });

  it('says when a method has no settings at all', () => {
    expect(() => checkSettings({}, { images: 3 })).toThrow('The method has no setting "images". It has none.');
  });
});

describe('numberSetting', () => {
  it('refuses what is no number', () => {
    expect(numberSetting({ images: 3 }, 'images')).toBe(3);
    expect(() => numberSetting({ images: 'many' }, 'images')).toThrow(SettingsError);
    expect(() => numberSetting({}, 'images')).toThrow(SettingsError);
  });
});
